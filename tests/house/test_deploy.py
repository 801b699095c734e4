"""The samples in deploy/: as their schemas want them, with settings and commands that exist."""

import json
import os
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from db.roles.declared import ROLES
from db.roles.granting import creation
from db.setting_list import described
from tests.house.test_docs import PROGRAMS
from tests.support.paths import ROOT

DEPLOY = ROOT / "deploy"
HERE = Path(__file__).parent
KUBERNETES = json.loads((HERE / "kubernetes.json").read_text(encoding="utf-8"))
CLOUDNATIVEPG = json.loads((HERE / "cloudnativepg.json").read_text(encoding="utf-8"))
COMPOSE = json.loads((HERE / "compose.json").read_text(encoding="utf-8"))
COMPOSITIONS = (ROOT / "compose.yaml", DEPLOY / "compose" / "compose.yaml")
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
# of the container's start, not of the program
_NOT_OURS = {
    *("OI_DB_PASSWORD", "OI_DB_WEB_PASSWORD", "OI_DB_COLLECTOR_PASSWORD"),
    *("OI_PASSWORD", "OI_LOGIN_PASSWORD"),
}
# systemd's own scale, from 0 to 10
_MOST_EXPOSED = 2.0


def manifests() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            if document["kind"] != "Kustomization":
                yield f"{path.name} {document['kind']}", document


def pods() -> list[dict[str, Any]]:
    specs = [document.get("spec", {}) for _, document in manifests()]
    return [spec["template"]["spec"] for spec in specs if "template" in spec]


def schema_of(document: dict[str, Any]) -> dict[str, Any]:
    version, kind = document["apiVersion"], document["kind"]
    if version.startswith("postgresql.cnpg.io/"):
        return CLOUDNATIVEPG[kind]
    definition = KUBERNETES["kinds"][f"{version} {kind}"]
    return {"$ref": f"#/definitions/{definition}", "definitions": KUBERNETES["definitions"]}


def faults(document: dict[str, Any]) -> list[str]:
    found = Draft202012Validator(schema_of(document)).iter_errors(document)
    return [f"{error.json_path}: {error.message}" for error in found]


@pytest.mark.parametrize(("name", "document"), list(manifests()))
def test_a_manifest_is_as_its_schema_wants_it(name: str, document: dict[str, Any]) -> None:
    assert faults(document) == []


@pytest.mark.parametrize("wrong", ["misspelt", "of another type"])
def test_what_a_cluster_would_refuse_is_refused_here(wrong: str) -> None:
    web = next(document for _, document in manifests() if document["kind"] == "Deployment")
    (container,) = web["spec"]["template"]["spec"]["containers"]
    if wrong == "misspelt":
        container["livenessprobe"] = {}
    else:
        web["spec"]["replicas"] = "two"
    assert faults(web)


@pytest.fixture(params=COMPOSITIONS, ids=lambda path: path.parent.name)
def composition(request: pytest.FixtureRequest) -> tuple[Path, dict[str, Any]]:
    """A file of Docker Compose, and what is in it."""
    return request.param.parent, yaml.safe_load(request.param.read_text(encoding="utf-8"))


def misfits(composition: dict[str, Any]) -> list[str]:
    found = Draft202012Validator(COMPOSE).iter_errors(composition)
    return [f"{error.json_path}: {error.message}" for error in found]


def test_a_composition_is_as_its_schema_wants_it(
    composition: tuple[Path, dict[str, Any]],
) -> None:
    _, composed = composition
    assert misfits(composed) == []
    service = next(iter(composed["services"].values()))
    service["enviroment"] = service.pop("environment")
    assert misfits(composed)


def test_what_a_composition_names_is_there(composition: tuple[Path, dict[str, Any]]) -> None:
    folder, composed = composition
    services = composed["services"]
    for service in services.values():
        for name, wanted in service.get("depends_on", {}).items():
            assert wanted["condition"] != "service_healthy" or "healthcheck" in services[name]
        for source, _, inside in (each.partition(":") for each in service.get("volumes", [])):
            if source.startswith("."):
                assert (folder / source).is_file()
            elif inside:
                assert source in composed["volumes"]


def test_every_program_of_a_composition_runs_without_rights_it_does_not_need(
    composition: tuple[Path, dict[str, Any]],
) -> None:
    _, composed = composition
    programs = [each for each in composed["services"].values() if each["image"] == "oi-gemini"]
    assert len(programs) == 3
    for program in programs:
        assert program["read_only"] is True
        assert program["cap_drop"] == ["ALL"]
        assert program["security_opt"] == ["no-new-privileges:true"]
        assert [each for each in program["volumes"] if each.endswith("/home/oi/data")]


def test_every_listed_manifest_is_there_and_every_one_that_is_there_is_listed() -> None:
    folder = DEPLOY / "kubernetes"
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    assert sorted([*listed, "kustomization.yaml"]) == sorted(p.name for p in folder.iterdir())


def test_every_program_of_a_pod_runs_without_rights_it_does_not_need() -> None:
    assert len(pods()) == 4
    for pod in pods():
        assert pod["securityContext"]["runAsNonRoot"] is True
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert container["resources"]["limits"]["memory"]


def test_every_setting_that_is_named_exists() -> None:
    known = {each.name for each in described()} | _NOT_OURS
    files = [path for path in DEPLOY.rglob("*") if path.is_file()]
    named = {name for path in files for name in re.findall(r"OI_[A-Z_]+", path.read_text())}
    assert named - known == set()


def commands() -> Iterator[list[str]]:
    for unit in UNITS:
        (line,) = re.findall(r"^ExecStart=(.+)$", unit.read_text(), re.MULTILINE)
        yield shlex.split(line)[1:]
    for pod in pods():
        for container in pod["containers"]:
            yield container["command"][1:]
    for file in COMPOSITIONS:
        for service in yaml.safe_load(file.read_text())["services"].values():
            yield from _run(service.get("command", [""]))


def _run(command: list[str]) -> Iterator[list[str]]:
    """The words of Python programs, also of those within a shell's lines."""
    for line in command[-1].splitlines() if command[0] == "sh" else [shlex.join(command)]:
        _, _, words = line.partition("python ")
        if words:
            yield shlex.split(words)


@pytest.mark.parametrize("words", [each for each in commands() if each[0] == "-m"])
def test_every_command_is_understood(words: list[str]) -> None:
    _, program, name, *arguments = words
    command = PROGRAMS[program].get_command(None, name)  # type: ignore[arg-type]
    assert command is not None
    command.make_context(name, arguments, resilient_parsing=True)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_is_understood_and_exposes_little(unit: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("no systemd-analyze on this machine")
    done = subprocess.run([analyze, "verify", unit], capture_output=True, text=True)
    said = [line for line in done.stderr.splitlines() if unit.name in line]
    assert all("is not executable" in line for line in said), done.stderr
    rated = subprocess.run(
        [analyze, "security", "--offline=true", unit], capture_output=True, text=True
    )
    (exposure,) = re.findall(r"Overall exposure level for \S+: ([\d.]+)", rated.stdout)
    assert float(exposure) <= _MOST_EXPOSED


def test_neither_dashboard_nor_collector_knows_the_owners_password() -> None:
    for unit in ("web", "collector"):
        for text in _told(unit):
            named = set(re.findall(r"postgresql://(\w+):", text))
            assert named == {"oi_dashboard" if unit == "web" else "oi_collector"}, text


def _told(unit: str) -> Iterator[str]:
    """What each kind of deployment tells that part of the database."""
    yield (DEPLOY / "systemd" / f"{unit}.env").read_text()
    yield (DEPLOY / "kubernetes" / f"{unit}.yaml").read_text()
    for file in COMPOSITIONS:
        services = yaml.safe_load(file.read_text())["services"]
        yield str(services["app" if unit not in services else unit]["environment"])


def test_the_owners_secret_is_mounted_where_tables_are_changed_alone() -> None:
    holders = {name for name, each in manifests() if "oi-db-app" in json.dumps(each)}
    assert holders == {"migrate.yaml Job", "maintain.yaml Deployment"}


def test_what_is_told_to_be_run_in_a_pod_can_be() -> None:
    told = re.findall(r"kubectl exec ([^`\n]+)", (ROOT / "docs" / "deploy.md").read_text())
    assert told
    named = {f"{document['kind']}/{document['metadata']['name']}" for _, document in manifests()}
    for line in told:
        options, _, words = line.partition(" -- ")
        # what asks for a password, or for what the broker answered, needs a terminal
        assert "-it" in options.split(), line
        target = options.split()[-1]
        kind, _, name = target.rpartition("/")
        whole = f"Deployment/{name}" if kind else f"StatefulSet/{name.rsplit('-', 1)[0]}"
        assert whole in named, line
        # users are changed by the owner alone
        assert ("app user" in words) <= (name == "oi-maintain"), line


def test_the_image_and_the_migration_are_of_this_version() -> None:
    folder = DEPLOY / "kubernetes"
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    images = yaml.safe_load((folder / "kustomization.yaml").read_text())["images"]
    assert [each["newTag"] for each in images] == [version]
    (job,) = (document for _, document in manifests() if document["kind"] == "Job")
    assert job["metadata"]["name"].endswith(version.replace(".", "-"))


def test_the_cluster_is_made_with_every_role_that_its_owner_may_not_make() -> None:
    (cluster,) = [each for _, each in manifests() if each["kind"] == "Cluster"]
    made = cluster["spec"]["bootstrap"]["initdb"]["postInitSQL"]
    for role in ROLES:
        assert any(each.split(" IN ROLE ")[0] == creation(role) for each in made), role


def test_no_secret_lies_among_the_manifests_and_each_that_is_asked_for_is_told_of() -> None:
    assert [name for name, each in manifests() if each["kind"] == "Secret"] == []
    named = re.compile(r'"(?:secretKeyRef|secretRef|passwordSecret)": \{"name": "([\w-]+)"')
    asked = {match for _, each in manifests() for match in named.findall(json.dumps(each))}
    told = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    # what the operator makes for the owner of the database
    assert asked >= {"oi-secrets", "oi-dashboard", "oi-collector", "oi-db-app"}
    assert all(f"secret generic {name} " in told for name in asked - {"oi-db-app"})


def test_what_runs_as_several_is_never_taken_away_whole() -> None:
    several = {
        each["metadata"]["name"]
        for _, each in manifests()
        if each["kind"] in ("Deployment", "StatefulSet") and each["spec"]["replicas"] > 1
    }
    kept = {each["metadata"]["name"] for _, each in manifests() if "minAvailable" in str(each)}
    assert several == kept == {"oi-web", "oi-collector"}


def test_a_pooler_goes_back_to_the_primary_as_soon_as_that_is_back() -> None:
    assert re.search(
        r"^server_login_retry = 1$", (DEPLOY / "compose" / "pooler.sh").read_text(), re.MULTILINE
    )
    (pooler,) = [each for _, each in manifests() if each["kind"] == "Pooler"]
    assert pooler["spec"]["pgbouncer"]["parameters"]["server_login_retry"] == "1"


def test_a_copy_of_the_primary_that_was_cut_short_is_made_anew(tmp_path: Path) -> None:
    programs, data = tmp_path / "bin", tmp_path / "data"
    programs.mkdir()
    data.mkdir()
    copying = programs / "pg_basebackup"
    # called with -h primary -U oi -D folder …
    half = '#!/bin/sh\nmkdir "$6"; touch "$6/PG_VERSION"\n'

    def start() -> subprocess.CompletedProcess[str]:
        copying.chmod(0o755)
        return subprocess.run(
            ["sh", DEPLOY / "compose" / "replica.sh", "sh", "-c", 'cd "$PGDATA" && ls'],
            env={"PATH": f"{programs}:{os.environ['PATH']}", "DATA": str(data)},
            capture_output=True,
            text=True,
        )

    copying.write_text(f"{half}exit 1\n")
    assert start().returncode == 1
    copying.write_text(f'{half}touch "$6/whole"\n')
    assert start().stdout.split() == ["PG_VERSION", "whole"]
    # and a whole one stays
    copying.write_text("#!/bin/sh\nexit 1\n")
    assert start().stdout.split() == ["PG_VERSION", "whole"]


def test_what_the_image_of_the_database_reads_into_its_shell_sets_no_option_there() -> None:
    assert "set -" not in (DEPLOY / "compose" / "replication.sh").read_text()


def test_kustomize_puts_every_manifest_into_one_namespace() -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("no kubectl on this machine")
    done = subprocess.run(
        [kubectl, "kustomize", DEPLOY / "kubernetes"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    made = [each for each in yaml.safe_load_all(done.stdout) if each["kind"] != "Namespace"]
    assert len(made) == sum(document["kind"] != "Namespace" for _, document in manifests())
    assert {each["metadata"]["namespace"] for each in made} == {"oi-gemini"}
    assert "image: oi-gemini\n" not in done.stdout
