"""The package as users get it: a wheel away from its sources, quick to import."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "numba", "scipy", "matplotlib", "gmsh", "pygmsh", "meshio", "pydantic", "typer", "igl", "skfem", "jinja2",
)  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A folder with the wheel's contents and nothing else of the project."""
    folder = tmp_path_factory.mktemp("wheel")
    made, target = folder / "made", folder / "target"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", made, ROOT], check=True, timeout=300)
    (file,) = made.glob("femurfe-*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", target, file], check=True, timeout=300)
    return target


def run(wheel: Path, folder: Path, *arguments: str) -> str:
    """Output of a Python process that sees the wheel and not the sources."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(wheel)},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_brings_its_data(wheel, tmp_path):
    where = run(wheel, tmp_path, "-c", "import femurfe; print(femurfe.__file__)")
    assert Path(where.strip()).is_relative_to(wheel)
    assert "cement/pmma" in run(wheel, tmp_path, "-m", "femurfe", "materials", "list")
    assert "femur" in run(wheel, tmp_path, "-m", "femurfe", "check", "femur_neck")


def test_the_wheel_holds_the_package_only(wheel):
    own = {path.name for path in wheel.iterdir() if not path.name.startswith("femurfe-")}
    assert own - {"bin"} == {"femurfe"}


def test_importing_femurfe_imports_nothing_heavy(wheel, tmp_path):
    code = f"import sys, femurfe; print([m for m in {HEAVY!r} if m in sys.modules])"
    assert run(wheel, tmp_path, "-c", code).strip() == "[]"


def test_every_public_name_can_be_imported(wheel, tmp_path):
    code = "import femurfe; print(len([getattr(femurfe, n) for n in femurfe.__all__]))"
    import femurfe

    assert run(wheel, tmp_path, "-c", code).strip() == str(len(femurfe.__all__))
