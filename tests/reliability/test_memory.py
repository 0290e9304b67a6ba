"""Hours of polls leave threads and descriptors as they were; caches keep their bound whoever looks at whatever."""

from pathlib import Path

from callbacks.frame import first_paint
from callbacks.visit import Viewer
from cgm_dash.units import Unit
from tests.soak.memory import poll_for
from tests.soak.stage import DAY, HOUR, Stage


def test_hours_of_polls_leave_no_thread_and_no_descriptor_behind(tmp_path: Path) -> None:
    grown = poll_for(tmp_path, days=3 / 24)
    assert grown.polls >= 170
    assert grown.more_threads <= 0, grown.threads
    assert grown.more_descriptors <= 0, grown.descriptors


def test_caches_stay_within_their_bound_for_many_people_and_ranges(tmp_path: Path) -> None:
    with Stage(tmp_path, people=6, settings={"CACHE_MB": "16"}) as stage:
        stage.tick()
        for _ in range(10):
            stage.now += 12 * HOUR
            stage.tick()
        services = stage.made.services
        for person in services.people():
            for days in ("7d", "14d", "28d", "90d"):
                for path in ("/trends", "/days"):
                    first_paint(services, path, f"?person={person.id}&range={days}", Viewer(Unit.MG_DL))
            for back in range(1, 200, 7):
                services.store.days.series(person.id, stage.now - (back + 1) * DAY, stage.now - back * DAY)
                services.series.between(person.id, stage.now - (back + 3) * DAY, stage.now - back * DAY)
        assert services.store.days.size <= 12 * 1_000_000
        assert services.series.size <= 4 * 1_000_000  # type: ignore[attr-defined]
