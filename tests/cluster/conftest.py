"""A migrated database for the clusters of a module."""

import pytest

from tests.cluster.clusters import RUNNERS, SETTINGS
from tests.cluster.processes import Command


@pytest.fixture(scope="module")
def migrated(shared_database_url, tmp_path_factory):
    """An environment with a migrated database, for all clusters of this module."""
    folder = tmp_path_factory.mktemp("cluster")
    return Command(
        "qcluster", folder=folder, database=shared_database_url, settings=SETTINGS, UTASK_WORKERS=str(RUNNERS)
    )
