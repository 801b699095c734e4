"""An exception from the audit of dependencies is written down, and its reason still holds."""

import ast
import re

from tests.support.paths import ROOT

_MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
_SECURITY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
# what of the broker's library brings it, and what it is
_REASONED_AWAY = {"autobahn", "twisted"}


def test_each_fault_that_the_audit_ignores_is_explained() -> None:
    ignored = set(re.findall(r"--ignore-vuln (\S+)", _MAKEFILE))
    explained = set(re.findall(r"^### (CVE-\d+-\d+)", _SECURITY, re.MULTILINE))
    assert ignored == explained


def test_nothing_of_the_product_uses_what_the_exception_is_about() -> None:
    found = []
    for folder in ("app", "db"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Import | ast.ImportFrom):
                    continue
                names = [each.name for each in node.names]
                names.append(getattr(node, "module", None) or "")
                tops = {name.partition(".")[0] for name in names}
                if tops & _REASONED_AWAY or "KiteTicker" in names:
                    found.append(path)
    assert found == []


def test_each_test_that_the_table_names_is_there() -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py)(?:::(test_\w+))?`", _SECURITY))
    assert len(named) > 20
    for path, name in named:
        source = (ROOT / path).read_text(encoding="utf-8")
        assert not name or f"def {name}(" in source, (path, name)
