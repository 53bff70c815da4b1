"""Batches whose iterator switches to another greenlet, forks, raises or signs."""

import asyncio
import os
import threading
from collections.abc import Callable, Iterator

import gevent  # type: ignore[import-untyped]
import greenlet  # type: ignore[import-untyped]
import pytest
import sqlalchemy
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from pylon_identity import IdentitySecret

secret = IdentitySecret("5a" * 32)
COUNT = 40_000  # several chunks


def emails(pause: Callable[[], object]) -> Iterator[str]:
    for i in range(COUNT):
        if i % 1000 == 0:
            pause()
        yield f"user{i}@example.com"


EXPECTED = [secret.sign(email) for email in emails(lambda: None)]


def test_greenlets() -> None:
    done: list[bool] = []

    def sign() -> None:
        done.append(secret.sign_many(emails(main.switch)) == EXPECTED)

    main = greenlet.getcurrent()
    running = [greenlet.greenlet(sign) for _ in range(3)]
    while any(not one.dead for one in running):
        for one in running:
            one.switch()
    assert done == [True] * 3


def test_a_greenlet_that_is_killed_in_mid_batch() -> None:
    main = greenlet.getcurrent()
    running = greenlet.greenlet(lambda: secret.sign_many(emails(main.switch)))
    running.switch()
    running.throw()
    assert running.dead
    assert secret.sign_many(emails(lambda: None)) == EXPECTED


def test_gevent() -> None:
    jobs = [gevent.spawn(secret.sign_many, emails(gevent.sleep)) for _ in range(3)]
    gevent.joinall(jobs, raise_error=True)
    assert all(job.value == EXPECTED for job in jobs)


class Base(DeclarativeBase):
    pass


class Account(Base):
    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(primary_key=True)
    users: Mapped[list["User"]] = relationship()


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    account_id: Mapped[int] = mapped_column(sqlalchemy.ForeignKey("accounts.id"))


async def sign_rows_that_load_lazily() -> list[str]:
    engine = create_async_engine("sqlite+aiosqlite://")
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)

    def sign(session: Session) -> list[str]:
        accounts = session.scalars(sqlalchemy.select(Account).order_by(Account.id))
        return secret.sign_many(user.email for account in accounts for user in account.users)

    async with AsyncSession(engine) as session:
        for i in range(20):
            session.add(Account(id=i, users=[User(email=f"user{i}@example.com")]))
        await session.commit()
        signed = await session.run_sync(sign)
    await engine.dispose()
    return signed


def test_sqlalchemy_s_async_sessions() -> None:
    async def both() -> list[list[str]]:
        signed = await asyncio.gather(sign_rows_that_load_lazily(), sign_rows_that_load_lazily())
        return list(signed)

    assert asyncio.run(both()) == [EXPECTED[:20]] * 2


def test_batches_within_batches() -> None:
    inner: list[bool] = []
    signed = secret.sign_many(
        emails(lambda: inner.append(secret.sign_many(EXPECTED[:2000]) == expected))
        if (expected := secret.sign_many(EXPECTED[:2000]))
        else []
    )
    assert signed == EXPECTED
    assert inner == [True] * 40


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # fork is tested here
def test_forks_in_the_iterator_and_in_another_thread() -> None:
    def fork() -> None:
        child = os.fork()
        if child == 0:
            signed = secret.sign_many(emails(lambda: None))
            os._exit(0 if signed == EXPECTED else 1)
        assert os.waitpid(child, 0)[1] == 0

    forks = iter([fork] * 3)
    assert secret.sign_many(emails(lambda: next(forks, bool)())) == EXPECTED

    stop = threading.Event()

    def sign() -> None:
        while not stop.is_set():
            assert secret.sign_many(EXPECTED)

    thread = threading.Thread(target=sign)
    thread.start()
    try:
        for _ in range(10):
            fork()
    finally:
        stop.set()
        thread.join()
