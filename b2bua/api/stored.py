"""The operations that need only the store and the state directory, so that they can be done without a daemon too.

Rule: if no daemon runs, the command line performs them with the same implementations in its own process.
"""

from collections.abc import Mapping
from pathlib import Path

from b2bua.api.audit import AuditOperations
from b2bua.api.numbers import NumberOperations
from b2bua.api.plan_review import PlanReviewOperations
from b2bua.api.plans import PlanOperations
from b2bua.api.plans_in_force import PlansInForce
from b2bua.api.recordings import RecordingOperations
from b2bua.api.records import RecordOperations
from b2bua.api.reports import ReportOperations
from b2bua.api.voicemail import VoicemailOperations
from b2bua.config.trunks import Trunk
from b2bua.media.messages import Messages
from b2bua.media.paths import media_paths
from b2bua.media.recordings import Recordings
from b2bua.monitoring.feed_publisher import FeedPublisher
from b2bua.store.store import Store


def stored_operations(
    store: Store, state: Path, trunks: Mapping[str, Trunk], in_force: PlansInForce, publisher: FeedPublisher
) -> tuple[object, ...]:
    """Implementations for a `Dispatcher`, over a store and a state directory."""
    paths = media_paths(state)
    assert paths.messages is not None
    assert paths.recordings is not None
    return (
        PlanOperations(store, in_force, publisher),
        PlanReviewOperations(store.plans, paths, trunks),
        NumberOperations(store, in_force, publisher),
        RecordOperations(store, publisher),
        ReportOperations(store),
        AuditOperations(store),
        VoicemailOperations(store, Messages(paths.messages), publisher),
        RecordingOperations(store, Recordings(paths.recordings)),
    )
