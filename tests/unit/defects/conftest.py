import pytest
from helpers.ball import BallBone, ball_bone_mesh


@pytest.fixture(scope="session")
def ball_bone():
    """A bone that is a ball."""
    return BallBone()


@pytest.fixture(scope="session")
def ball_mesh():
    """Meshes of the ball of 3 mm by order."""
    return ball_bone_mesh
