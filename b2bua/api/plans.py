"""Shows, publishes and restores plans.

Rule: a plan is on disk before it is in effect, and in effect for the next call before the reply is sent (R11).
"""

from b2bua.api.dispatch import Asker, implements, in_thread
from b2bua.api.plans_in_force import PlansInForce
from b2bua.api.requests.plans import (
    PlanHistory,
    PlanShown,
    PlansPublished,
    PlanVersion,
    PublishedPlan,
    PublishPlans,
    RestorePlan,
    ShowPlan,
    ShowPlanHistory,
)
from b2bua.base.errors import NotFound
from b2bua.console.rows import Level
from b2bua.monitoring.feed_publisher import FeedPublisher
from b2bua.store.publication import Published
from b2bua.store.store import Store
from b2bua.store.versions import Version
from routing.ids import Number400
from routing.number import print_400


class PlanOperations:
    """Operations on the plans in the store."""

    def __init__(self, store: Store, in_force: PlansInForce, publisher: FeedPublisher) -> None:
        self._plans = store.plans
        self._in_force = in_force
        self._publisher = publisher

    @implements
    async def show(self, request: ShowPlan, _: Asker) -> PlanShown:
        """The version in force, unless the request names another."""

        def show() -> tuple[Version, str]:
            live = self._plans.live(request.number)
            version_id = request.version
            if version_id is None and request.plan_hash not in ("", live.version.plan_hash):
                version_id = self._newest_with(request.number, request.plan_hash)
            if version_id is None:
                return live.version, live.document
            return self._plans.version(request.number, version_id)

        version, text = await in_thread(show)
        return PlanShown(
            version.number, text, version.id, version.plan_hash, version.at_ms, version.author, version.note
        )

    @implements
    async def history(self, request: ShowPlanHistory, _: Asker) -> PlanHistory:
        """The first is in force."""
        versions = await in_thread(lambda: self._plans.history(request.number))
        return PlanHistory(
            tuple(
                PlanVersion(
                    version.id,
                    version.plan_hash,
                    version.at_ms,
                    version.author,
                    version.note,
                    live=place == 0,
                    restored_from=version.restored_from,
                )
                for place, version in enumerate(versions)
            )
        )

    @implements
    async def publish(self, request: PublishPlans, asker: Asker) -> PlansPublished:
        """Audited in the transaction that publishes, each plan for itself."""
        published = await in_thread(
            lambda: self._plans.publish(
                request.documents,
                sources=request.sources,
                author=asker.name,
                note=request.note,
                based_on=request.base,
            )
        )
        return PlansPublished(tuple([await self._take_effect(each, asker) for each in published]))

    @implements
    async def restore(self, request: RestorePlan, asker: Asker) -> PublishedPlan:
        """Audited in the transaction that publishes."""

        def restore() -> Published:
            version_id = request.version
            if version_id is None:
                version_id = self._newest_with(request.number, request.plan_hash)
            return self._plans.restore(
                request.number, version_id, author=asker.name, note=request.note, based_on=request.base
            )

        return await self._take_effect(await in_thread(restore), asker)

    def _newest_with(self, number: Number400, plan_hash: str) -> int:
        """The newest version of this hash; blocks on the disk. Raises NotFound."""
        for version in self._plans.history(number):
            if version.plan_hash == plan_hash:
                return version.id
        raise NotFound(f"{print_400(number)} never had the plan {plan_hash}")

    async def _take_effect(self, published: Published, asker: Asker) -> PublishedPlan:
        version = published.version
        await self._in_force.reload(version.number)
        if published.changed:
            text = f"{print_400(version.number)} has a new plan {version.plan_hash[:8]}: {version.note}"
            self._publisher.log(Level.NOTE, "plan-published", text, number=version.number, who=asker.name)
        return PublishedPlan(version.number, version.plan_hash, version.id, published.changed)
