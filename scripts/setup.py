"""Make .venv and install the locked dependencies in it; needs nothing but Python and a network.

Written for any Python 3, so that an old one gets a sentence and not a syntax error.
"""

# an old Python must be able to read this file, and it starts programs found on the PATH
# ruff: noqa: RUF005, S603, S606, S607, UP031

import glob
import os
import shutil
import subprocess
import sys
import tempfile

OLDEST = (3, 11)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
SETUP_LOCK = "requirements-setup.lock"
UV = os.path.join(VENV, "bin", "uv")


def main():
    """Run the steps that are missing, with the lock files named as arguments."""
    locks = sys.argv[1:] or ["requirements-dev.lock"]
    os.chdir(ROOT)
    use_new_python()
    if not works():
        make_venv()
    if not os.path.exists(UV):
        install_uv()
    install(locks)


def use_new_python():
    """Go on in a Python that is new enough, or say that there is none."""
    if sys.version_info >= OLDEST:
        return
    for minor in range(20, OLDEST[1] - 1, -1):
        newer = shutil.which("python3.%d" % minor)
        if newer:
            os.execv(newer, [newer] + sys.argv)
    stop("Python 3.11 or newer is needed, and this is %d.%d." % sys.version_info[:2])


def works():
    """Whether .venv is whole; an interrupted or moved one is not."""
    if not os.path.exists(PYTHON):
        return False
    return not run([PYTHON, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"], quiet=True)


def make_venv():
    """Make .venv anew; on Debian without python3-venv it comes without pip."""
    say("Making .venv…")
    shutil.rmtree(VENV, ignore_errors=True)
    options = [] if has_ensurepip() else ["--without-pip"]
    if run([sys.executable, "-m", "venv"] + options + [VENV]):
        stop("The virtual environment .venv could not be made; the lines above say why.")


def has_ensurepip():
    """Whether this Python can put pip into a new environment."""
    return not run([sys.executable, "-c", "import ensurepip"], quiet=True)


def install_uv():
    """Put uv into .venv with pip: its own, the system's, or Debian's pip in a wheel."""
    say("Installing uv…")
    wanted = ["install", "--quiet", "--require-hashes", "-r", SETUP_LOCK]
    if has_ensurepip():
        failed = run([PYTHON, "-m", "pip"] + wanted)
    elif not run([sys.executable, "-m", "pip", "--version"], quiet=True):
        failed = run([sys.executable, "-m", "pip", "--python", PYTHON] + wanted)
    else:
        failed = install_uv_with_debians_pip(wanted)
    if failed:
        stop("uv could not be installed: check the network, then run `make setup` again.")


def install_uv_with_debians_pip(wanted):
    """Borrow pip from Debian's package of it, without installing that package."""
    if not shutil.which("apt-get"):
        stop("This Python has neither venv's ensurepip nor pip: install one of them.")
    folder = tempfile.mkdtemp()
    try:
        if subprocess.call(["apt-get", "download", "-qq", "python3-pip-whl"], cwd=folder):
            stop("Install python3-venv (`apt-get install python3-venv`), then run this again.")
        for package in glob.glob(os.path.join(folder, "*.deb")):
            run(["dpkg-deb", "--extract", package, folder])
        wheels = glob.glob(os.path.join(folder, "usr/share/python-wheels/pip-*.whl"))
        return run([PYTHON, os.path.join(wheels[0], "pip")] + wanted)
    finally:
        shutil.rmtree(folder)


def install(locks):
    """Install what the lock files name, each file verified by its hash, and this project."""
    say("Installing the locked dependencies…")
    uv = [UV, "pip", "install", "--quiet", "--python", PYTHON]
    for lock in [SETUP_LOCK] + locks:
        if run(uv + ["--require-hashes", "-r", lock]):
            stop("The dependencies could not be installed; the lines above say why.")
    # the build tool comes with the setup lock: nothing unlocked is fetched
    if run(uv + ["--no-deps", "--no-build-isolation", "--editable", "."]):
        stop("The project itself could not be installed; the lines above say why.")


def run(command, quiet=False):
    """The exit code of a command."""
    out = subprocess.DEVNULL if quiet else None
    return subprocess.call(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)


def say(line):
    """Tell what takes time."""
    print(line, file=sys.stderr)


def stop(sentence):
    """End with one sentence."""
    sys.exit("Error: " + sentence)


if __name__ == "__main__":
    main()
