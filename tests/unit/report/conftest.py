"""One small run for all tests of reports."""

import shutil

import pytest
from helpers.reporting import small_run


@pytest.fixture(scope="session")
def made_run(tmp_path_factory):
    """A results folder that is only read."""
    return small_run(tmp_path_factory.mktemp("run"))


@pytest.fixture
def run_copy(made_run, tmp_path):
    """A results folder to spoil."""
    return shutil.copytree(made_run, tmp_path / "results")
