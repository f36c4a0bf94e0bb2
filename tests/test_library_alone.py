"""The libraries stand alone: they import where there is no Home Assistant."""

from pathlib import Path
import subprocess
import sys

import pytest

ROOT = Path(__file__).parent.parent
BARE_PYTHON = ROOT / ".bare" / "bin" / "python"


@pytest.mark.parametrize(
    ("library", "python", "without"),
    [
        ("cic", BARE_PYTHON, ("homeassistant", "voluptuous", "aiohttp")),
        # it needs aiohttp, which the bare one does not have: there is none of the rest to be found
        ("direct_line", sys.executable, ("homeassistant", "voluptuous", "cic")),
    ],
)
def test_imports_without_home_assistant(
    library: str, python: str | Path, without: tuple[str, ...]
) -> None:
    """At the end of the path, so that no platform module shadows the standard library's."""
    modules = sorted(
        ".".join(path.relative_to(ROOT / "custom_components/clova_cic").with_suffix("").parts)
        for path in (ROOT / "custom_components/clova_cic" / library).rglob("*.py")
    )
    program = f"""
import importlib, importlib.util, sys
sys.path.append("custom_components/clova_cic")
if {library!r} == "cic":
    assert importlib.util.find_spec("homeassistant") is None
else:
    sys.modules.update(dict.fromkeys({without!r}))
for module in {modules!r}:
    importlib.import_module(module.removesuffix(".__init__"))
assert not [name for name, module in sys.modules.items() if module and name.split(".")[0] in {without!r}]
"""
    assert len(modules) > 3
    ran = subprocess.run(
        [python, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
