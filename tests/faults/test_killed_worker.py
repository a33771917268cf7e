"""The clock's process killed (SIGKILL) at random through a term: every row is as if it had never been.

`python -m bench.killed_worker` does the same with 50 kills.
"""

from app.settings import Settings
from bench.killed_worker import trial
from tests.conftest import Template


async def test_a_worker_killed_at_random_leaves_what_one_never_killed_leaves(
    template: Template, settings: Settings
) -> None:
    outcome = await trial(template, settings, kills=8, seed=11)
    assert outcome.kills == 8
    assert outcome.differences == []
    # Enough happened for the comparison to say something.
    assert min(outcome.rows[table] for table in ("obligation", "offer", "referral", "intervention", "event")) >= 3
