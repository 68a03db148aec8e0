"""One running service for all cases; each makes its own tasks."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.api.clients import Person
from tests.api.live import Service, eventually, running
from tests.conftest import MigratedDatabase


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory, migrated_database: MigratedDatabase) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    with migrated_database(folder) as database, running(folder, database) as service:
        yield service


@pytest.fixture
def someone(service: Service) -> Callable[[str], Person]:
    return service.someone


@pytest.fixture
def resolution_in(adm: Person) -> Callable[..., dict[str, Any]]:
    """Wait until a resolution is in one of these states; the resolution then."""

    def wait(resolution_id: str, *states: str) -> dict[str, Any]:
        def look() -> Any:
            found = adm.read(f"/resolution/{resolution_id}")
            return found if found["state"] in states else None

        return eventually(look, f"resolution {resolution_id} in {states}")

    return wait
