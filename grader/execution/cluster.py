"""The same ``map`` on a Dask cluster: submissions go to the workers of a scheduler, on however many machines.

A task carries all that it needs, as one piece of JSON, and so does an answer: workers share no folder with us, and no
answer is unpickled. (Dask pickles its own messages: a worker is trusted as a judge is, student code never reaches it.)
Dask moves the bytes and tells who is there; which worker gets what, and what happens to the tasks of one that is lost,
is decided here (``pool.Dispatcher``), because Dask would try a submission that kills workers, and those that were with
it, four times in a row before it says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import json
import logging
import os
import platform
import queue
import select
import socket
import sys
import threading
import time
import uuid
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grader
from grader.course.model import GradedSubmission, GradingSpec
from grader.errors import ClusterError, IsolationError
from grader.execution import wire
from grader.execution.pool import MAX_FRAME_BYTES, Dispatcher, LocalWorker, Task, handin_of, plain_handin

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_S = 10.0
"""How long to wait for a scheduler to answer."""

WORKERS_WAIT_S = 60.0
"""How long to wait for a first worker, or for another one when all are gone: batch systems take their time."""

POLL_S = 1.0
"""How often to look which workers are there."""

FETCH_S = 120.0
"""How long an answer may be on its way before its worker counts as lost."""

AHEAD = 1
"""Tasks that a worker has beside those it grades, so that it does not wait for the next."""

_log = logging.getLogger(__name__)


class ClusterPool(Dispatcher["_Slot"]):
    """Grades on the workers of a Dask scheduler.

    Args:
        scheduler: its address (``tcp://host:8786``, ``tls://…``), or the path of its scheduler file.
        jobs: how many submissions are handed out at most; by default as many as the workers can have.
        isolation: one of ``model.ISOLATIONS``, for the workers' machines.
        say: is told what a person should know: who joins, who leaves, who is not used.

    Raises:
        ClusterError: Dask is not installed, the scheduler does not answer, or no worker is of use.
    """

    max_tries = 3
    """One more than on one machine: here workers also go because their time is up."""

    def __init__(
        self,
        scheduler: str,
        jobs: int | None = None,
        *,
        isolation: str = "auto",
        say: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(isolation=isolation)
        self.scheduler = scheduler
        self._limit = jobs
        self._say = say or _log.warning
        self._threads: dict[str, int] = {}  # the workers in use, by address
        self._refused: dict[str, str] = {}  # those that are not: why
        self._specs: dict[str, set[str]] = {}  # what each of them has been sent
        self._digests: dict[int, tuple[GradingSpec, str]] = {}  # by identity; the spec is kept, so that ids hold
        self._suspects: set[Any] = set()  # tasks whose worker was lost, and that wait to be tried alone
        self._answers: queue.SimpleQueue[tuple[_Slot, Future]] = queue.SimpleQueue()
        self._looked = 0.0
        self._stack = contextlib.ExitStack()
        try:
            self._client = self._connect()
            self._wait_for_workers()
        except BaseException:
            self._stack.close()
            raise

    # --- the cluster ---

    def _connect(self) -> Client:
        try:
            import dask
            import distributed
        except ImportError as problem:
            raise ClusterError(
                "Dask is not installed.", place=self.scheduler, hint="Install it with: pip install 'mlp-grader[dask]'"
            ) from problem
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters we say ourselves
        settings = {
            # A submission is large for a graph and small for a network.
            "distributed.admin.large-graph-warning-threshold": "1 GB",
            # Also for the greeting: whatever listens there may never answer.
            "distributed.comm.timeouts.connect": f"{CONNECT_S}s",
        }
        self._stack.enter_context(dask.config.set(settings))
        try:
            address = self.scheduler
            if "://" not in address and Path(address).is_file():
                address = str(json.loads(Path(address).read_bytes())["address"])
            asyncio.run(_greet(address))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # other versions of Dask: what matters are ours, compared below
                client = distributed.Client(
                    address,
                    timeout=CONNECT_S,
                    set_as_default=False,
                    deserializers=["dask", "msgpack", "error"],  # answers are bytes: no pickle is read
                    name="grader",
                )
        except Exception as problem:  # what listens there may say anything, and Dask then raises anything
            text = " ".join(str(problem).split())[:300]
            raise ClusterError(
                f"the scheduler cannot be reached: {text or type(problem).__name__}.",
                place=self.scheduler,
                hint="Is it running, is this its address (tcp://HOST:8786, tls://HOST:8786, or its scheduler file), and"
                " does its TLS setting match yours (distributed.comm in Dask's configuration)?",
            ) from problem
        self._stack.callback(_hang_up, client)
        return client

    def _look(self, *, now: bool = False) -> None:
        """Bring what we know of the workers up to date, now and then."""
        if not now and time.monotonic() - self._looked < POLL_S:
            return
        self._looked = time.monotonic()
        with self._explained():
            there: dict[str, int] = self._client.nthreads()
        for address in self._threads.keys() - there.keys():
            self._leave(address)
        self._refused = {address: why for address, why in self._refused.items() if address in there}
        new = [address for address in there if address not in self._threads and address not in self._refused]
        if new:
            self._join(new, there)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (OSError, TimeoutError, RuntimeError, ValueError) as problem:  # Dask's are among them
            text = " ".join(str(problem).split())[:300]
            raise ClusterError(
                f"the scheduler does not answer any more: {text or type(problem).__name__}.",
                place=self.scheduler,
                hint="What was graded is kept. Start the scheduler, then run this again for the rest.",
            ) from problem

    def _join(self, addresses: Sequence[str], threads: Mapping[str, int]) -> None:
        """Ask new workers what they are, and use those that are as we are."""
        with self._explained():
            answers = self._client.run(describe, workers=list(addresses), on_error="return")
        for address in addresses:
            why = _difference(answers.get(address))
            if why is None:
                continue  # gone in the meantime
            if why:
                self._refused[address] = why
                self._say(f"{address}: this worker is not used: {why}.")
                continue
            self._threads[address] = threads[address]
            self._specs[address] = set()
            self._workers += [_Slot(self, address) for _ in range(threads[address] + AHEAD)]

    def _leave(self, address: str) -> None:
        """Take note that a worker is lost: its slots go, and what they had in hand is answered by nobody."""
        del self._threads[address], self._specs[address]
        in_hand = 0
        for slot in [slot for slot in self._workers if slot.address == address]:
            slot.is_lost = True
            if slot.task is None:
                self._workers.remove(slot)
            else:
                in_hand += 1
                self._answers.put((slot, slot.future))
        if in_hand:
            noun = "submission" if in_hand == 1 else "submissions"
            self._say(f"{address}: this worker is lost; {in_hand} {noun} will be graded by another.")
        else:
            _log.info("%s has left", address)

    def _wait_for_workers(self) -> None:
        """Return when a worker is there.

        Raises:
            ClusterError: there is none that can be used.
        """
        deadline = time.monotonic() + WORKERS_WAIT_S
        is_told = False
        self._look(now=True)
        while not self._threads:
            if self._refused:
                address, why = next(iter(self._refused.items()))
                raise ClusterError(
                    f"no worker can be used: {address} {why}.",
                    place=self.scheduler,
                    hint="Give the workers the same Python, IPython and version of this tool as are here: "
                    "one environment or one container image for all.",
                )
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"the scheduler has had no workers for {WORKERS_WAIT_S:.0f} s.",
                    place=self.scheduler,
                    hint=f"Start some: dask worker {self.scheduler} --nworkers auto --nthreads 1. "
                    "What was graded is kept.",
                )
            if not is_told:
                self._say(f"{self.scheduler}: there are no workers; waiting for some (Ctrl-C to stop).")
                is_told = True
            time.sleep(min(POLL_S, 0.5))
            self._look(now=True)

    # --- what a dispatcher wants to know ---

    def _has_room(self) -> bool:
        busy = self._busy()
        if not busy:
            return True  # whoever has a task waits for workers
        if self._limit is not None and len(busy) >= self._limit:
            return False
        if self._suspects:
            return self._idle_address(busy) is not None
        return self._open_slot() is not None

    def _idle_address(self, busy: Sequence[_Slot]) -> str | None:
        occupied = {slot.address for slot in busy}
        return next((address for address in self._threads if address not in occupied), None)

    def _open_slot(self) -> _Slot | None:
        """A free slot of the worker that has least to do, and none that tries a suspect."""
        load = dict.fromkeys(self._threads, 0.0)
        for slot in self._busy():
            if slot.address in load:
                load[slot.address] += float("inf") if slot.is_alone else 1 / self._threads[slot.address]
        free = [s for s in self._workers if s.task is None and not s.is_lost and load[s.address] != float("inf")]
        return min(free, key=lambda slot: load[slot.address], default=None)

    def _free_worker(self, task: Task) -> _Slot:
        if not self._threads:
            self._wait_for_workers()
        is_suspect = task.key in self._suspects
        self._suspects.discard(task.key)
        if is_suspect:
            address = self._idle_address(self._busy())
            slot = next((s for s in self._workers if s.address == address and not s.is_lost), None)
        else:
            slot = self._open_slot()
        assert slot is not None, "the dispatcher asks only when there is room"
        slot.is_alone = is_suspect
        return slot

    def _ready(self) -> list[_Slot]:
        while True:
            self._look()
            ready: dict[int, _Slot] = {}
            timeout: float | None = POLL_S
            with contextlib.suppress(queue.Empty):
                while True:
                    slot, future = self._answers.get(timeout=timeout) if timeout else self._answers.get_nowait()
                    timeout = None
                    if slot.task is not None and slot.future is future:  # else it is old news
                        ready[id(slot)] = slot
            if any(slot.was_dropped() for slot in ready.values()):
                self._look(now=True)  # a worker, or the scheduler itself, is gone
            if ready:
                return list(ready.values())

    def _lost(self, worker: _Slot, again: list[Task], tries: dict[Any, int]) -> Iterator[Any]:
        """A task whose worker was lost is tried alone on another: then it is clear which one did it."""
        before = len(again)
        yield from super()._lost(worker, again, tries)
        self._suspects.update(task.key for task in again[before:])
        if not worker.is_lost and worker.address in self._threads:
            self._workers.append(_Slot(self, worker.address))  # only its child has died, or an answer got lost

    # --- what a slot needs ---

    def submit(self, payload: bytes, address: str) -> Future:
        """Begin a task on a worker, and on no other."""
        with self._explained():
            return self._client.submit(
                grade_here,
                payload,
                self.isolation,
                workers=[address],
                allow_other_workers=False,
                key=f"grader-{uuid.uuid4().hex}",
            )

    def knows(self, address: str, digest: str) -> bool:
        """Whether a worker has told us that it has a spec."""
        return digest in self._specs.get(address, ())

    def has_learned(self, address: str, digest: str) -> None:
        """Remember that a worker has a spec."""
        if address in self._specs:
            self._specs[address].add(digest)

    def has_forgotten(self, address: str) -> None:
        """Send a worker all texts anew."""
        if address in self._specs:
            self._specs[address].clear()

    def digest(self, spec: GradingSpec) -> str:
        """A spec's name: a hash of its text."""
        known = self._digests.get(id(spec))
        if known is None:
            text = json.dumps(spec.to_plain(), sort_keys=True)
            known = self._digests[id(spec)] = (spec, hashlib.sha256(text.encode()).hexdigest())
        return known[1]

    def announce(self, slot: _Slot, future: Future) -> None:
        """Be told that a future is done (in a thread of Dask's)."""
        self._answers.put((slot, future))

    def close(self) -> None:
        """Give up what is in hand, and leave the cluster as it was."""
        super().close()
        self._stack.close()


async def _greet(address: str) -> None:
    """Ask a scheduler who it is: Dask's client would wait for ever for one that is none and keeps silent."""
    import distributed
    from distributed.core import connect

    async def ask() -> None:
        connection = distributed.Security().get_connection_args("client")
        comm = await connect(address, timeout=CONNECT_S, **connection)
        try:
            await comm.write({"op": "identity", "reply": True})
            await comm.read()
        finally:
            comm.abort()

    try:
        await asyncio.wait_for(ask(), CONNECT_S + 1)
    except TimeoutError as problem:
        raise TimeoutError(str(problem) or f"no answer after {CONNECT_S:.0f} s") from problem


def _hang_up(client: Client) -> None:
    with contextlib.suppress(OSError, TimeoutError, RuntimeError):  # a scheduler that is gone needs no farewell
        client.close(timeout=5)


class _Slot:
    """Room for one task at a worker of the cluster."""

    def __init__(self, pool: ClusterPool, address: str) -> None:
        self.task: Task | None = None
        self.future: Any = None
        self.address = address
        self.is_lost = False
        self.is_alone = False
        self._pool = pool

    def give(self, task: Task) -> None:
        """Send a task; the spec's text only if this worker does not have it."""
        self.task = task
        self._send(with_spec=not self._pool.knows(self.address, self._pool.digest(task.spec)))

    def _send(self, *, with_spec: bool) -> None:
        assert self.task is not None
        spec = self.task.spec
        plain = plain_handin(self.task)
        plain |= {"spec": self._pool.digest(spec), "versions": versions()}
        if with_spec:
            plain["new_spec"] = spec.to_plain()
        payload = json.dumps(plain).encode()
        if len(payload) > MAX_FRAME_BYTES:
            raise wire.WireError(f"the submission has {len(payload):,} bytes, more than can be sent.")
        future = self._pool.submit(payload, self.address)
        self.future = future
        future.add_done_callback(functools.partial(self._pool.announce, self))

    def was_dropped(self) -> bool:
        """True if Dask has given up the task without an answer."""
        return bool(self.future.status in ("cancelled", "lost"))

    def take(self) -> dict[str, Any]:
        """The answer, read as data."""
        future, self.future = self.future, None
        if self.is_lost or future.status not in ("finished", "error"):
            raise wire.PeerGone
        try:
            payload = future.result(timeout=FETCH_S)
        except Exception as problem:  # whatever a worker raises: it becomes this submission's reason
            if type(problem).__name__ in _LOSSES or isinstance(problem, (OSError, TimeoutError)):
                raise wire.PeerGone from problem
            text = " ".join(str(problem).split())[:500]
            return {"error": f"{self.address}: {type(problem).__name__}: {text}"}
        if not isinstance(payload, bytes) or len(payload) > MAX_FRAME_BYTES:
            return {"error": f"{self.address}: the worker's answer is none of ours."}
        return self._read(payload)

    def _read(self, payload: bytes) -> dict[str, Any]:
        task = self.task
        assert task is not None
        try:
            answer = json.loads(payload)
            if "lost" in answer:
                self._pool.has_forgotten(self.address)
                raise wire.PeerGone
            if "refused" in answer:
                message, hint = answer["refused"]
                raise IsolationError(str(message), place=self.address, hint=str(hint))
            if "graded" in answer:
                GradedSubmission.from_plain(answer["graded"])
                self._pool.has_learned(self.address, self._pool.digest(task.spec))
                return {"graded": answer["graded"]}
            return {"error": f"{self.address}: {answer['error']}"}
        except (ValueError, KeyError, TypeError, AttributeError):
            return {"error": f"{self.address}: the worker's answer is none of ours."}

    def close(self, *, kill: bool = False) -> None:
        """Let go of the task in hand."""
        future, self.future = self.future, None
        if future is not None:
            with contextlib.suppress(Exception):
                future.cancel()


_LOSSES = ("KilledWorker", "CancelledError", "FutureCancelledError", "CommClosedError")
"""Dask's names for an answer that will not come."""


# --- what must be the same on all machines ---


@functools.cache
def versions() -> dict[str, str]:
    """What a score may depend on beside submission, spec and isolation: it must be the same for all workers."""
    folder = Path(grader.__file__).parent
    code = hashlib.sha256()
    for part in ("course", "execution", "notebooks"):
        for path in sorted(folder.joinpath(part).glob("*.py")):
            code.update(f"{part}/{path.name}\n".encode() + path.read_bytes())
    return {
        "this tool": grader.__version__,
        "Python": f"{platform.python_version()} ({platform.python_implementation()})",
        "IPython": metadata.version("ipython"),
        "system": f"{sys.platform} {platform.machine()}",
        "this tool's code": code.hexdigest()[:12],
    }


def describe() -> bytes:
    """Runs on a worker: what it is."""
    return json.dumps(versions()).encode()


def _difference(answer: object) -> str | None:
    """Why a worker cannot be used; empty if it can, None if it did not answer."""
    if answer is None:
        return None
    if isinstance(answer, BaseException):
        if isinstance(answer, (OSError, TimeoutError)):
            return None
        text = " ".join(str(answer).split())[:200]
        return f"it does not have this version of the tool ({type(answer).__name__}: {text})"
    try:
        theirs = json.loads(answer)  # type: ignore[arg-type]
        different = [
            f"{name} {theirs.get(name)}, here it is {ours}"
            for name, ours in versions().items()
            if theirs.get(name) != ours
        ]
    except (ValueError, TypeError, AttributeError):
        return "its answer is none of ours"
    return f"it has {'; '.join(different)}" if different else ""


# --- on a worker ---

_lock = threading.Lock()
_idle: dict[str, list[LocalWorker]] = {}
_known: OrderedDict[str, GradingSpec] = OrderedDict()
_claims: dict[int, socket.socket] = {}
_MAX_SPECS = 64


def grade_here(payload: bytes, isolation: str) -> bytes:
    """Runs on a worker: grade one submission in a process of its own, and answer with JSON.

    Dask's workers have threads, so nothing is forked here: each thread borrows a pool worker, started with exec, that
    keeps warm templates. One that dies is answered as lost, and counts against the submission.
    """
    plain = json.loads(payload)
    if plain["versions"] != versions():
        message = "this worker came back with other versions of Python, IPython or this tool than are here."
        return json.dumps({"refused": [message, "Give all machines the same environment."]}).encode()
    spec = _spec(plain)
    if spec is None:
        return json.dumps({"lost": "the spec"}).encode()
    notebook, files = handin_of(plain)
    child = _borrow(isolation)
    try:
        child.give(Task(("", ""), notebook, spec, files))
        poller = select.poll()
        poller.register(child.channel.read_fd, select.POLLIN)
        poller.poll()
        answer = child.take()
    except (wire.PeerGone, wire.WireError, wire.WireTimeout, ValueError):
        child.close(kill=True)
        _release_core(child)
        return json.dumps({"lost": "the process that graded"}).encode()
    child.task = None
    with _lock:
        _idle.setdefault(isolation, []).append(child)
    return json.dumps(answer).encode()


def _spec(plain: Mapping[str, Any]) -> GradingSpec | None:
    """The spec that a task names, kept by its content: its text comes once."""
    digest = plain["spec"]
    with _lock:
        spec = _known.pop(digest, None)
        if spec is None and "new_spec" in plain:
            spec = GradingSpec.from_plain(plain["new_spec"])
        if spec is not None:
            _known[digest] = spec
            while len(_known) > _MAX_SPECS:
                _known.popitem(last=False)
        return spec


def _borrow(isolation: str) -> LocalWorker:
    with _lock:
        children = _idle.get(isolation, [])
        while children:
            child = children.pop()
            if child.process.poll() is None:
                return child
            child.close(kill=True)
            _release_core(child)
        core = _claim_core()
        return LocalWorker(isolation, core)


def _claim_core() -> int | None:
    """A core of this machine that no other child has, in whatever worker; None to leave it to the system.

    The claim is a name in the kernel's table of sockets: it is gone when the worker is, however that ends.
    """
    if not sys.platform.startswith("linux"):
        return None
    for core in sorted(os.sched_getaffinity(0)):
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            claim.bind(f"\0grader-{os.getuid()}-core-{core}")
        except OSError:
            claim.close()
            continue
        _claims[core] = claim
        return core
    return None


def _release_core(child: LocalWorker) -> None:
    core = child.core
    if core is not None and core in _claims:
        _claims.pop(core).close()
