"""What `import exactnorm` does and does not bring along."""

import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import exactnorm

HEAVY = ("cvxpy", "clarabel", "scs", "rich", "matplotlib", "sklearn", "torch", "onnx", "dask")


def modules_after(statement):
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_loads_no_solver_no_terminal_library_and_nothing_that_draws():
    loaded = modules_after("import exactnorm; exactnorm.min_norm_denoiser, exactnorm.score_flow, exactnorm.load")
    assert "exactnorm.network" in loaded
    assert not loaded & set(HEAVY)


def test_a_room_is_loaded_when_a_name_of_it_is_used():
    loaded = modules_after("import exactnorm")
    assert not {name for name in loaded if name.startswith(("exactnorm.", "scipy", "numpy"))} - {"exactnorm.interrupts"}
    assert "exactnorm.flow" in modules_after("import exactnorm; exactnorm.flow.score_flow")


def test_every_public_name_is_there_once_and_in_alphabetical_order():
    names = exactnorm.__all__
    assert names == sorted(names, key=lambda name: (not name.isupper(), name[0].islower(), name))
    assert len(set(names)) == len(names)
    for name in names:
        assert getattr(exactnorm, name).__doc__


def test_no_public_name_is_hidden_by_a_module_once_that_is_loaded():
    modules = {module.name for module in pkgutil.iter_modules(exactnorm.__path__)}
    assert not modules & (set(exactnorm.__all__) - set(exactnorm.ROOMS))


def test_dir_lists_the_public_names_and_the_rooms_and_nothing_else():
    assert len(exactnorm.__all__) <= 22
    assert set(dir(exactnorm)) == {*exactnorm.__all__, *exactnorm.ROOMS, "__version__"}
    assert sorted(name for names in exactnorm.HOMES.values() for name in names) == sorted(exactnorm.__all__)
    # What a checker of types sees is what is loaded.
    source = Path(exactnorm.__file__).read_text(encoding="utf-8")
    declared = re.findall(r"^    from (exactnorm\.[\w.]+) import (.*)$", source, re.MULTILINE)
    assert {home: set(names.split(", ")) for home, names in declared} == {
        home: set(names) for home, names in exactnorm.HOMES.items()
    }


@pytest.mark.parametrize("room", ["certify", "closed_form", "flow", "plot", "baselines", "experiments"])
def test_a_room_lists_names_that_it_has(room):
    module = getattr(exactnorm, room)
    assert len(set(module.__all__)) == len(module.__all__)
    assert all(hasattr(module, name) for name in module.__all__)


@pytest.mark.parametrize("name", exactnorm.ROOMS)
def test_submodules_are_there_when_they_are_used(name):
    loaded = modules_after(f"import exactnorm; exactnorm.{name}")
    assert f"exactnorm.{name}" in loaded
    assert name in dir(exactnorm)


def test_what_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'denoise'"):
        exactnorm.denoise  # noqa: B018


def test_named_problems_come_with_the_package():
    # In a process of its own: other tests import the module, which would make it an attribute as well.
    code = "import exactnorm; print(exactnorm.problems.acute().train.size)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "3"
