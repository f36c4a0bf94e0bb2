"""The libraries stand alone: they import where there is no Home Assistant."""

from pathlib import Path
import subprocess

import pytest

ROOT = Path(__file__).parent.parent
BARE_PYTHON = ROOT / ".bare" / "bin" / "python"


@pytest.mark.parametrize("library", ["cic"])
def test_imports_without_home_assistant(library: str) -> None:
    """At the end of the path, so that no platform module shadows the standard library's."""
    modules = sorted(
        ".".join(path.relative_to(ROOT / "custom_components/clova_cic").with_suffix("").parts)
        for path in (ROOT / "custom_components/clova_cic" / library).rglob("*.py")
    )
    program = f"""
import importlib, importlib.util, sys
sys.path.append("custom_components/clova_cic")
assert importlib.util.find_spec("homeassistant") is None
for module in {modules!r}:
    importlib.import_module(module.removesuffix(".__init__"))
assert not [name for name in sys.modules if name.startswith(("homeassistant", "voluptuous", "aiohttp"))]
"""
    assert len(modules) > 3
    ran = subprocess.run(
        [BARE_PYTHON, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
