"""The sandbox: tried from inside, by root and by an ordinary user; what is left behind; what happens without it."""

import errno
import json
import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_course import CONFIG, hand_in, make_course

from grader.cli.main import main
from grader.course.model import CourseCell, GradingSpec, Limits, Outcome, Role
from grader.errors import ConfigError, IsolationError
from grader.execution import facilities, isolation, kernel, landlock, probes, sandbox, seccomp
from grader.execution.grade import grade
from grader.execution.session import Session
from grader.gradebook.store import open_gradebook

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT)}

linux = pytest.mark.skipif(sys.platform != "linux", reason="namespaces, Landlock and seccomp are Linux's")


@pytest.fixture(scope="module")
def offer():
    """What this machine offers to the user who runs the tests."""
    return facilities.survey(sandbox.interpreter_path())


@pytest.fixture
def closed(offer):
    """Skip where there is no sandbox to be tested."""
    if offer.missing:
        pytest.skip("; ".join(f"{facility.title}: {facility.detail}" for facility in offer.missing))


def python(*arguments, **options):
    """Run an interpreter; stdout of it, which must have ended well."""
    options = {"env": ENVIRONMENT, "capture_output": True, "text": True, "timeout": 120, "cwd": "/"} | options
    return subprocess.run([sys.executable, *arguments], **options)


def run_cells(template, *sources, limits=probes.LIMITS, files=None):
    """What cells print, one after the other in one student process."""
    process = template.spawn(limits, seed=0, allowed_modules=None, files=files)
    session = Session(process)
    try:
        return [probes._cell(session, number, source) for number, source in enumerate(sources)]
    finally:
        session.close()


# --- each property, from inside ---

KEYS = [*(probe.key for probe in probes.PROBES), "kernel", "loop", "hunger", "daemons", "judge", "next"]


@pytest.fixture(scope="module", params=["this user", "an ordinary user"])
def findings(request):
    """What ``grader doctor`` finds, by key."""
    command = ["-m", "grader", "doctor", "--json"]
    if request.param == "an ordinary user":
        if sys.platform != "linux" or os.geteuid() != 0:
            pytest.skip("the tests run as an ordinary user already")
        command = [str(Path(__file__).parent / "as_ordinary_user.py"), *command]
    done = python(*command)
    assert done.stdout, done.stderr
    document = json.loads(done.stdout)
    if document["errors"]:
        pytest.skip(document["errors"][0]["message"])
    return {finding["key"]: finding for finding in document["properties"]}


@linux
@pytest.mark.parametrize("key", KEYS)
def test_property_holds(findings, key):
    """What a student's cell tries does not work; what it needs does."""
    assert findings[key]["holds"], findings[key]


@linux
def test_doctor_knows_no_property_that_is_not_tested_here(findings):
    """A new probe is a new test."""
    assert list(findings) == KEYS


# --- nothing is left ---


def fingerprint():
    """What a sandbox could leave on this machine."""
    temporary = {name for name in os.listdir("/tmp") if name.startswith(("grader-", "student"))}
    mounts = Path("/proc/self/mountinfo").read_text()
    fds = sorted(os.listdir("/proc/self/fd"))
    return temporary, mounts, fds


def processes():
    """Process ids of this machine by what they are called."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = Path(f"/proc/{entry}/stat").read_text()
            except OSError:
                continue
            found[int(entry)] = stat
    return found


def descendants(pid, table):
    """All that a process has started, itself included."""
    parents = {child: int(stat.rpartition(")")[2].split()[1]) for child, stat in table.items()}
    found = {pid}
    while True:
        more = {child for child, parent in parents.items() if parent in found} | found
        if more == found:
            return found
        found = more


@linux
@pytest.mark.usefixtures("closed")
def test_nothing_is_left_behind():
    """No file, no mount, no descriptor, no process, when a template has ended."""
    before = fingerprint()
    with sandbox.Template([], "auto") as template:
        run_cells(template, "open('x', 'w').write('y')", files={"a/b.txt": b"1"})
        started = descendants(template.process.pid, processes())
    assert fingerprint() == before
    deadline = time.monotonic() + 5
    while started & set(processes()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not started & set(processes())


@linux
@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize("victim", ["owner", "outer template", "inner template"])
def test_killing_any_part_ends_all_of_it(victim):
    """Whoever is killed with SIGKILL, no student process outlives it."""
    code = f"""
import sys, time
sys.path.insert(0, {str(ROOT)!r})
from grader.execution import probes, sandbox
from grader.execution.session import Session
from grader.gradebook.store import open_gradebook
template = sandbox.Template([], "auto")
session = Session(probes._spawn(template))
print(probes._cell(session, 0, probes._DAEMONS), template.process.pid, flush=True)
time.sleep(60)
"""
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
    try:
        said, outer = owner.stdout.readline().split()
        assert said == "started"
        tree = descendants(owner.pid, processes())
        assert len(tree) >= 8  # owner, template twice, keeper, student process, snapshot, daemons
        outer = int(outer)
        children = descendants(outer, processes()) - {outer}
        pids = {"owner": owner.pid, "outer template": outer, "inner template": min(children)}
        os.kill(pids[victim], signal.SIGKILL)
        deadline = time.monotonic() + 5
        left = tree - {owner.pid}
        while left and time.monotonic() < deadline:
            time.sleep(0.02)
            left &= {pid for pid, stat in processes().items() if ") Z " not in stat}
        assert not left
    finally:
        owner.kill()
        owner.wait()
        owner.stdout.close()


@linux
@pytest.mark.usefixtures("closed")
def test_files_stay_in_the_students_folder():
    """A name that leads out of the folder is left out; the others are there."""
    files = {"../up.txt": b"1", "/etc/x": b"2", "a/../b.txt": b"3", "a/c.txt": b"4", "": b"5"}
    code = "import os; print(sorted(os.path.join(p, f) for p, _, fs in os.walk('/student') for f in fs))"
    with sandbox.Template([], "auto") as template:
        (said,) = run_cells(template, code, files=files)
    assert said == str(["/student/work/a/c.txt", "/student/work/b.txt"])


@linux
@pytest.mark.usefixtures("closed")
def test_cpu_time_is_seen_from_outside():
    """The judge's clock runs by what the kernel says of the process, under the id that it has outside."""
    with sandbox.Template([], "auto") as template:
        session = Session(probes._spawn(template))
        before = session.cpu_s()
        probes._cell(session, 0, "import time\nwhile time.process_time() < 0.5: pass")
        assert 0.3 < session.cpu_s() - before < 2
        session.close()


# --- what may be seen of the machine ---


@linux
def test_a_virtual_environment_in_the_course_folder_does_not_show_the_course(tmp_path):
    """Its packages are shown, under a name that says nothing."""
    packages = tmp_path / "course" / ".venv" / "lib" / "python3.11" / "site-packages"
    packages.mkdir(parents=True)
    root = isolation.plan_root([*sandbox.interpreter_path(), str(packages)])
    assert packages.as_posix() in root.binds.values()
    shown = [*root.binds, *root.links, *root.python_path]
    assert not any("course" in path for path in shown)
    assert not any(str(tmp_path / "course").startswith(source) for source in root.binds.values())


@linux
@pytest.mark.usefixtures("closed")
def test_this_tool_is_not_shown_where_it_is_installed(monkeypatch, tmp_path):
    """Among the packages, its folder looks empty: the samples in it would be solutions to copy."""
    shown = tmp_path / "site-packages"
    (shown / "other").mkdir(parents=True)
    (shown / "other" / "__init__.py").write_text("x = 1")
    shown.chmod(0o755)
    (shown / "grader").mkdir()
    (shown / "grader" / "answers.py").write_text("answer = 42")
    path = [*sandbox.interpreter_path(), str(shown)]
    root = isolation.plan_root(path, [str(shown / "grader")])
    assert root.hidden == [f"{root.python_path[-1]}/grader"]
    code = """
import os, sys
print(os.listdir(sys.path[-1] + "/grader"), os.listdir(sys.path[-1] + "/other"))
"""
    monkeypatch.setattr(sandbox, "interpreter_path", lambda: path)
    monkeypatch.setattr(sandbox, "own_folder", lambda: str(shown / "grader"))
    with sandbox.Template([], "auto") as template:
        assert run_cells(template, code) == ["[] ['__init__.py']"]


@linux
def test_links_on_the_way_to_python_are_made_again(tmp_path):
    """``/opt/python → python-3.11``: both names lead to the same place inside."""
    real = tmp_path / "python-3.11" / "lib"
    real.mkdir(parents=True)
    (tmp_path / "python").symlink_to("python-3.11")
    links = {}
    assert isolation._resolve(str(tmp_path / "python" / "lib"), links) == str(real)
    assert links == {str(tmp_path / "python"): "python-3.11"}


@linux
@pytest.mark.usefixtures("closed")
def test_mounts_are_read_only_before_linux_5_12_too():
    """Without ``mount_setattr`` every mount is remounted by itself."""
    code = f"""
import errno, os, sys
sys.path.insert(0, {str(ROOT)!r})
from grader.execution import isolation, kernel, sandbox
def missing(*args, **kwargs):
    raise OSError(errno.ENOSYS, "no")
kernel.restrict_mount = missing
isolation.enter(isolation.plan_root(sandbox.interpreter_path()))
for line in open("/proc/self/mountinfo"):
    print(line.split()[4], line.split()[5])
for path in (os.path.dirname(os.__file__), "/", "/site-packages"):
    try:
        open(path + "/x", "w")
        print("WRITTEN", path)
    except OSError as exc:
        print(exc.errno)
"""
    done = python("-c", code)
    assert done.returncode == 0, done.stderr
    assert "WRITTEN" not in done.stdout
    mounts = dict(line.split() for line in done.stdout.splitlines() if line.startswith("/"))
    for path, options in mounts.items():
        assert path in ("/student", "/proc") or path.startswith("/dev/") or "ro" in options.split(","), path
        assert "nosuid" in options.split(",")


# --- without a facility ---

WITHOUT_USER_NAMESPACES = """
from grader.execution import kernel
uid = __import__("os").geteuid()
kernel.unshare(kernel.NEW_USER)
for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {__import__('os').getegid()} 1")):
    open(f"/proc/self/{name}", "w").write(text)
open("/proc/sys/user/max_user_namespaces", "w").write("0")
"""
WITHOUT = """
import errno, struct
from grader.execution import kernel, seccomp
numbers = %r
ops = [(0x20, 0, 0, 0)]
for number in numbers:
    ops += [(0x15, 0, 1, number), (0x06, 0, 0, 0x00050000 | errno.ENOSYS)]
ops.append((0x06, 0, 0, 0x7FFF0000))
kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
seccomp.install(b"".join(struct.pack("=HBBI", *op) for op in ops))
"""
TRY = """
import sys
from grader.errors import IsolationError
from grader.execution import facilities, probes, sandbox
from grader.execution.session import Session
from grader.gradebook.store import open_gradebook
for kind in ("auto", "namespaces", "process"):
    try:
        with sandbox.Template([], kind) as template:
            session = Session(probes._spawn(template))
            print(kind, probes._cell(session, 0, "print(1 + 1)"))
            session.close()
    except IsolationError as exc:
        print(kind, "refused:", exc.message, "|", exc.hint)
print(*(facility.key for facility in facilities.survey(sandbox.interpreter_path()).missing))
"""


def try_without(preparation):
    """What each kind of isolation does after ``preparation``, and which facilities are missing then."""
    done = python("-c", preparation + TRY)
    assert done.returncode == 0, done.stderr
    *lines, missing = done.stdout.splitlines()
    return dict(line.split(" ", 1) for line in lines), missing.split()


@linux
@pytest.mark.usefixtures("closed")
def test_without_user_namespaces_it_refuses():
    """The message says what is missing, why, what that costs, and what to do."""
    kinds, missing = try_without(WITHOUT_USER_NAMESPACES)
    for kind in ("auto", "namespaces"):
        assert kinds[kind].startswith("refused: this machine does not offer user namespaces")
        assert "user.max_user_namespaces" in kinds[kind]
        assert "student code would run as you" in kinds[kind]
        assert "--isolation process" in kinds[kind]
    assert kinds["process"] == "2"
    assert "user" in missing


@linux
@pytest.mark.usefixtures("closed")
def test_without_landlock_only_namespaces_will_do():
    """The second wall can be given up by name."""
    kinds, missing = try_without(WITHOUT % [444, 445, 446])
    assert kinds["auto"].startswith("refused: this machine does not offer Landlock")
    assert "--isolation namespaces" in kinds["auto"]
    assert kinds["namespaces"] == kinds["process"] == "2"
    assert missing == ["landlock"]


@linux
@pytest.mark.usefixtures("closed")
def test_without_seccomp_it_refuses():
    """A student process that cannot be put under the filter runs no code."""
    numbers = {"x86_64": 317, "aarch64": 277}
    kinds, missing = try_without(WITHOUT % [numbers[kernel.machine()]])
    assert kinds["auto"].startswith("refused: this machine does not offer seccomp")
    assert kinds["process"] == "2"
    assert missing == ["seccomp"]


def test_elsewhere_than_on_linux_only_process_will_do(monkeypatch):
    """As on macOS: refusal, and grading without walls when asked for."""
    monkeypatch.setattr(sandbox, "_BOOT", "import sys; sys.platform = 'darwin'\n" + sandbox._BOOT)
    with pytest.raises(IsolationError, match="user namespaces: this is darwin"):
        sandbox.Template([], "auto")
    with sandbox.Template([], "process") as template:
        assert run_cells(template, "print(open('a.txt').read())", files={"a.txt": b"given"}) == ["given"]


# --- the same scores, however it is shut in ---

SPEC = GradingSpec(
    "01",
    (
        CourseCell("double", Role.SOLUTION, "def double(x):\n    raise NotImplementedError"),
        CourseCell("test_double", Role.TEST, "assert double(2) == 4", points=2.0),
        CourseCell("test_file", Role.TEST, "assert double('a') == 'aa'", points=1.0),
    ),
    frozenset({"double"}),
)


@pytest.mark.parametrize("kind", ["auto", "namespaces", "process"])
def test_the_score_does_not_depend_on_the_isolation(offer, kind):
    """An honest submission gets the same verdicts in all kinds, one that tries to get out none in any."""
    if kind != "process" and offer.missing:
        pytest.skip("; ".join(facility.title for facility in offer.missing))
    sources = {
        "double": "!ls\nimport subprocess\ndef double(x):\n    return 2 * x",
        "test_double": "",
        "test_file": "",
    }
    cells = [
        {"cell_type": "code", "source": source, "outputs": [], "metadata": {"nbgrader": {"grade_id": name}}}
        for name, source in sources.items()
    ]
    notebook = json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}).encode()
    graded = grade(notebook, SPEC, isolation=kind)
    assert [verdict.outcome for verdict in graded.verdicts] == [Outcome.PASSED, Outcome.PASSED], graded.verdicts


# --- the filter, on both machines ---


def decide(code, arch, number, *args):
    """What a BPF program answers to a system call."""
    ops = [struct.unpack("=HBBI", code[at : at + 8]) for at in range(0, len(code), 8)]
    data = struct.pack("=iIQ6Q", number, arch, 0, *(list(args) + [0] * 6)[:6])
    at, loaded = 0, 0
    while True:
        op, jump_true, jump_false, value = ops[at]
        at += 1
        if op == 0x20:
            (loaded,) = struct.unpack_from("=I", data, value)
        elif op == 0x06:
            return {0x7FFF0000: "allow"}.get(value, value & 0xFFFF)
        else:
            test = {
                0x15: loaded == value,
                0x25: loaded > value,
                0x35: loaded >= value,
                0x45: bool(loaded & value),
            }[op]
            at += jump_true if test else jump_false


X86, ARM = 0xC000003E, 0xC00000B7
FORK = signal.SIGCHLD | 0x01200000
THREAD = 0x3D0F00


@pytest.mark.parametrize(
    ("machine", "number", "args", "answer"),
    [
        ("x86_64", 0, (), "allow"),  # read
        ("aarch64", 63, (), "allow"),
        ("x86_64", 59, (), errno.EPERM),  # execve
        ("aarch64", 221, (), errno.EPERM),
        ("x86_64", 56, (FORK,), "allow"),  # clone
        ("x86_64", 56, (THREAD,), "allow"),
        ("x86_64", 56, (FORK | 0x10000000,), errno.EPERM),
        ("x86_64", 56, (FORK | 0x20000000,), errno.EPERM),
        ("x86_64", 56, (FORK | 0x8000,), errno.EPERM),
        ("aarch64", 220, (FORK,), "allow"),
        ("aarch64", 220, (FORK | 0x00020000,), errno.EPERM),
        ("x86_64", 435, (), errno.ENOSYS),  # clone3
        ("aarch64", 435, (), errno.ENOSYS),
        ("x86_64", 62, (2, 9), "allow"),  # kill
        ("x86_64", 62, (1, 9), errno.EPERM),
        ("x86_64", 62, (0, 9), errno.EPERM),
        ("x86_64", 62, (0xFFFFFFFFFFFFFFFF, 9), errno.EPERM),
        ("x86_64", 62, (0xFFFFFFFF, 9), errno.EPERM),
        ("aarch64", 129, (0xFFFFFFFE, 9), errno.EPERM),
        ("x86_64", 234, (1, 1, 9), errno.EPERM),  # tgkill
        ("x86_64", 16, (0, 0x5401), "allow"),  # ioctl
        ("x86_64", 16, (0, 0x5412), errno.ENOTTY),
        ("x86_64", 157, (15,), "allow"),  # prctl
        ("x86_64", 157, (4, 1), errno.EPERM),
        ("x86_64", 302, (0,), "allow"),  # prlimit64
        ("x86_64", 302, (1,), errno.EPERM),
        ("x86_64", 53, (1,), "allow"),  # socketpair
        ("x86_64", 53, (2,), errno.EPERM),
        ("x86_64", 41, (1,), errno.EPERM),  # socket
        ("aarch64", 198, (1,), errno.EPERM),
        ("x86_64", 101, (), errno.EPERM),  # ptrace
        ("aarch64", 117, (), errno.EPERM),
        ("x86_64", 425, (), errno.ENOSYS),  # io_uring_setup
        ("x86_64", 9999, (), errno.ENOSYS),
        ("x86_64", 0x40000000, (), errno.ENOSYS),  # the x32 dialect
        ("x86_64", 0xFFFFFFFF - (1 << 32), (), errno.ENOSYS),
    ],
)
def test_filter_decides(machine, number, args, answer):
    """Allow what Python needs, with the arguments that it needs; refuse the rest, and kill nobody."""
    code = seccomp.program(machine)
    assert decide(code, {"x86_64": X86, "aarch64": ARM}[machine], number, *args) == answer


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_filter_refuses_every_call_of_another_architecture(machine):
    """32-bit numbers mean other calls; none of them gets through."""
    code = seccomp.program(machine)
    for arch in (0x40000003, 0x40000028, ARM if machine == "x86_64" else X86, 0):
        assert {decide(code, arch, number, *[1] * 6) for number in range(600)} == {errno.EPERM}


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_filter_allows_only_what_is_listed(machine):
    """Over all numbers: as many calls are allowed as the lists have."""
    code = seccomp.program(machine)
    allowed = {
        number for number in range(1000) if decide(code, {"x86_64": X86, "aarch64": ARM}[machine], number) == "allow"
    }
    listed = seccomp._numbers(seccomp._ALLOWED, machine)
    some = seccomp._numbers(seccomp._SOME, machine)
    assert allowed - set(some.values()) == set(listed.values())
    for name in ("execve", "socket", "ptrace", "mount", "bpf", "unshare", "setns", "io_uring_setup", "memfd_create"):
        assert name not in listed


@linux
def test_landlock_is_a_wall_by_itself(tmp_path):
    """Without any namespace, a process under it reads and writes what it is given, and nothing else."""
    if not landlock.version():
        pytest.skip("this kernel has no Landlock")
    (tmp_path / "own").mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    code = f"""
from grader.execution import kernel, landlock
kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
landlock.restrict([], [{str(tmp_path / "own")!r}], ["/dev/null"])
open({str(tmp_path / "own" / "x")!r}, "w").write("1")
open("/dev/null", "w").write("1")
for path in ({str(tmp_path / "secret.txt")!r}, "/etc/passwd"):
    try:
        print(open(path).read())
    except PermissionError:
        print("refused")
"""
    assert python("-c", code).stdout.split() == ["refused", "refused"]


# --- the choice ---


class RefusingPool:
    """A pool on a machine without a sandbox."""

    def __init__(self, jobs=None, *, isolation="auto"):
        self.isolation = isolation

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass

    def warm_up(self, n_tasks):
        """Say nothing yet."""

    def map(self, tasks):
        """Refuse, as soon as there is something to grade."""
        for _ in tasks:
            raise IsolationError(f"this machine does not offer {self.isolation}.", hint="Read the docs.")
        yield


@pytest.mark.parametrize(
    ("in_config", "arguments", "used"),
    [
        ("", [], "auto"),
        ('c.Course.isolation = "namespaces"', [], "namespaces"),
        ('c.Course.isolation = "namespaces"', ["--isolation", "process"], "process"),
    ],
)
def test_autograde_without_a_sandbox_grades_nothing_and_says_so_once(tmp_path, monkeypatch, in_config, arguments, used):
    """The option counts before the configuration; no score is drawn; the exit code is 1."""
    config = make_course(tmp_path / "course", config=CONFIG + in_config)
    hand_in(config, "ada")
    hand_in(config, "ben")
    monkeypatch.setattr("grader.execution.pool.Pool", RefusingPool)
    result = CliRunner().invoke(main, ["--course", str(config.root), "autograde", *arguments])
    assert result.exit_code == 1
    assert result.output.count(f"this machine does not offer {used}.\nRead the docs.") == 1
    with open_gradebook(config, create=False) as store:
        assert [row.score for row in store.scores() if row.score is not None] == []


def test_an_unknown_isolation_is_the_authors_mistake(tmp_path):
    """With the one that was meant."""
    with pytest.raises(ConfigError, match="Did you mean 'process'"):
        make_course(tmp_path / "course", config=CONFIG + 'c.Course.isolation = "proces"')


@linux
@pytest.mark.usefixtures("closed")
def test_the_pool_stops_where_there_is_no_sandbox():
    """A worker's refusal is not one submission's failure: it would be the same for all."""
    code = """
from grader.course.model import GradingSpec
from grader.errors import IsolationError
from grader.execution.pool import Pool, Task
notebook = b'{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}'
tasks = [Task((name, "01"), notebook, GradingSpec("01", (), frozenset())) for name in ("ada", "ben")]
with Pool(1) as pool:
    try:
        print(list(pool.map(tasks)))
    except IsolationError as exc:
        print("stopped:", exc.message)
"""
    done = python("-c", WITHOUT_USER_NAMESPACES + code)
    assert done.stdout.startswith("stopped: this machine does not offer user namespaces"), done.stderr


# --- the command ---


def test_doctor_says_what_is_missing(monkeypatch):
    """Exit code 1, and the reason in words."""

    def refuse(kind):
        raise IsolationError("this machine does not offer user namespaces: no.", hint="Do something.")
        yield

    monkeypatch.setattr(probes, "run_probes", refuse)
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 1
    assert "user namespaces: no." in result.output
    result = CliRunner().invoke(main, ["doctor", "--json"])
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["errors"][0]["type"] == "IsolationError"
    assert {facility["key"] for facility in document["facilities"]} == set(facilities.FACILITIES)


def test_a_property_that_does_not_hold_is_exit_code_1(monkeypatch):
    """So that a script can tell."""
    finding = probes.Finding("x", "Nothing happens", False, "it happened")
    monkeypatch.setattr(probes, "run_probes", lambda kind: iter([finding]))
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 1
    assert "✗ Nothing happens\n      it happened" in result.output


def test_limits_are_all_used():
    """A limit of the course that nobody enforces would be a promise broken."""
    assert {field for field in Limits.__slots__ if field not in ("cpu_s", "grace_s")} == {
        "submission_cpu_s",
        "memory_bytes",
        "processes",
        "open_files",
        "file_bytes",
        "output_bytes",
        "message_bytes",
    }
