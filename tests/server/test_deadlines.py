"""One timer for all who have so many seconds."""

from __future__ import annotations

import asyncio

from loadbalancer.server.deadlines import Deadlines


async def told(deadlines: Deadlines, work: asyncio.Future[None]) -> str:
    """How it ends to wait for something."""
    mine = deadlines.here()
    task = mine.begin()
    try:
        await work
    except asyncio.CancelledError:
        ended = "late" if mine.end(task) else "cancelled"
    else:
        ended = "late, yet done" if mine.end(task) else "done"
    return f"{ended}, {task.cancelling()}"


def test_who_is_late_is_cancelled_and_nobody_else() -> None:
    async def run() -> list[str]:
        loop = asyncio.get_running_loop()
        deadlines = Deadlines(0.05)
        works = [loop.create_future() for _ in range(5)]
        tasks = [asyncio.create_task(told(deadlines, work)) for work in works]
        await asyncio.sleep(0)
        works[1].set_result(None)
        tasks[3].cancel()
        return await asyncio.gather(*tasks)

    ended = ["late, 0", "done, 0", "late, 0", "cancelled, 1", "late, 0"]
    assert asyncio.run(run()) == ended


def test_who_begins_later_is_late_later() -> None:
    async def run() -> list[int]:
        deadlines, order = Deadlines(0.1), list[int]()

        async def wait(number: int) -> None:
            assert await told(deadlines, asyncio.get_running_loop().create_future()) == "late, 0"
            order.append(number)
            if number < 3:
                # The timer has gone by then.
                await wait(number + 3)

        waits = [asyncio.create_task(wait(0))]
        for number in (1, 2):
            await asyncio.sleep(0.03)
            waits.append(asyncio.create_task(wait(number)))
        await asyncio.gather(*waits)
        return order

    assert asyncio.run(run()) == [0, 1, 2, 3, 4, 5]


def test_each_event_loop_has_its_own() -> None:
    deadlines = Deadlines(0.05)

    async def begin() -> str:
        return await told(deadlines, asyncio.get_running_loop().create_future())

    async def outer() -> list[str]:
        begun = asyncio.create_task(begin())
        await asyncio.sleep(0)
        # Another loop, in another thread, while this one waits.
        other = await asyncio.to_thread(asyncio.run, begin())
        return [other, await begun, await begin()]

    assert asyncio.run(outer()) == ["late, 0"] * 3
    assert asyncio.run(begin()) == "late, 0"
