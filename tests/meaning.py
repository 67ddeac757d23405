"""Small programs, each of a student's cell and a grade cell, that mean the same to the judge as to plain Python."""

from __future__ import annotations

import textwrap

CASES: list[tuple[str, str, str]] = []
"""Name, the student's cell, the grade cell."""


def case(name: str, student: str, test: str) -> None:
    """Note one."""
    CASES.append((name, textwrap.dedent(student), textwrap.dedent(test)))


case(
    "an item of an argument is replaced",
    r"""
    def f(a):
        a[0] = 9
        return a
    """,
    r"""
    x = [1]
    y = f(x)
    assert x == [9]
    assert y is x
    """,
)
case(
    "an argument grows with each call",
    r"""
    def f(a):
        a.append(1)
    """,
    r"""
    x = []
    f(x)
    f(x)
    assert x == [1, 1]
    """,
)
case(
    "an argument is emptied and filled anew",
    r"""
    def f(a):
        a.clear()
        a.extend([3, 4])
    """,
    r"""
    x = [[1]]
    f(x)
    assert x == [3, 4]
    """,
)
case(
    "a nested argument changes",
    r"""
    def f(a):
        a[0].append(5)
    """,
    r"""
    x = [[1], [2]]
    inner = x[0]
    f(x)
    assert inner == [1, 5]
    assert x == [[1, 5], [2]]
    """,
)
case(
    "a dict argument changes and comes back",
    r"""
    def f(d):
        d['k'] = [1]
        return d
    """,
    r"""
    d = {}
    r = f(d)
    assert r is d
    assert d == {'k': [1]}
    d['k'].append(2)
    assert r['k'] == [1, 2]
    """,
)
case(
    "a key is taken out of an argument",
    r"""
    def f(d):
        d.pop('a')
    """,
    r"""
    d = {'a': 1, 'b': 2}
    f(d)
    assert d == {'b': 2}
    """,
)
case(
    "a set argument grows",
    r"""
    def f(s):
        s.add(3)
    """,
    r"""
    s = {1}
    f(s)
    assert s == {1, 3}
    """,
)
case(
    "a buffer is reused: one list",
    r"""
    buf = [0]
    def f(x):
        buf[0] = x
        return buf
    """,
    r"""
    a = f(1)
    b = f(2)
    assert a is b
    assert a == [2]
    """,
)
case(
    "a buffer is reused: the earlier result changes",
    r"""
    buf = [0]
    def f(x):
        buf[0] = x
        return buf
    """,
    r"""
    a = f(1)
    f(2)
    assert a == [1]
    """,
)
case(
    "a copy is returned: the earlier result stays",
    r"""
    buf = [0]
    def f(x):
        buf[0] = x
        return list(buf)
    """,
    r"""
    a = f(1)
    f(2)
    assert a == [1]
    """,
)
case(
    "a mutable default argument keeps its state",
    r"""
    def f(x, acc=[]):
        acc.append(x)
        return acc
    """,
    r"""
    assert f(1) == [1]
    assert f(2) == [1, 2]
    assert f(3, []) == [3]
    """,
)
case(
    "a mutable default argument is a mistake that tests find",
    r"""
    def f(x, acc=[]):
        acc.append(x)
        return acc
    """,
    r"""
    assert f(1) == [1]
    assert f(2) == [2]
    """,
)
case(
    "a gradient check changes weights in place",
    r"""
    class L:
        def __init__(self, n):
            self.w = [[0.5] * n for _ in range(n)]
        def forward(self, x):
            return [sum((a * b for a, b in zip(r, x))) for r in self.w]
    """,
    r"""
    l = L(3)
    x = [1.0, 2.0, 3.0]
    eps = 1e-05
    for i in range(3):
        for j in range(3):
            old = l.w[i][j]
            l.w[i][j] = old + eps
            up = l.forward(x)[i]
            l.w[i][j] = old - eps
            down = l.forward(x)[i]
            l.w[i][j] = old
            assert abs((up - down) / (2 * eps) - x[j]) < 1e-06
    assert l.w == [[0.5] * 3] * 3
    """,
)
case(
    "rows are shared with the object",
    r"""
    class L:
        def __init__(self):
            self.w = [[1, 2], [3, 4]]
    """,
    r"""
    l = L()
    row = l.w[0]
    l.w[0][1] += 10
    assert row == [1, 12]
    assert l.w[0] is row
    l.w[0] = [0, 0]
    assert row == [1, 12]
    assert l.w == [[0, 0], [3, 4]]
    l.w.append([5])
    del l.w[1]
    assert l.w == [[0, 0], [5]]
    assert len(l.w) == 2
    """,
)
case(
    "list methods write through",
    r"""
    class L:
        def __init__(self):
            self.w = [3, 1, 2]
    """,
    r"""
    l = L()
    l.w.sort()
    assert l.w == [1, 2, 3]
    l.w.sort(key=lambda v: -v)
    assert l.w == [3, 2, 1]
    l.w.reverse()
    l.w.insert(0, 9)
    assert l.w.pop() == 3
    assert l.w == [9, 1, 2]
    l.w.remove(1)
    assert l.w.index(2) == 1
    assert l.w.count(9) == 1
    l.w *= 2
    assert l.w == [9, 2, 9, 2]
    l.w[1:3] = [7]
    assert l.w == [9, 7, 2]
    l.w += [1]
    assert l.w == [9, 7, 2, 1]
    l.w.extend((x for x in (5,)))
    assert l.w[-1] == 5
    l.w.clear()
    assert l.w == []
    assert not l.w
    """,
)
case(
    "dict methods write through",
    r"""
    class L:
        def __init__(self):
            self.d = {'a': 1}
    """,
    r"""
    l = L()
    d = l.d
    l.d['b'] = 2
    assert d == {'a': 1, 'b': 2}
    assert d is l.d
    d.update(c=3)
    assert sorted(l.d) == ['a', 'b', 'c']
    assert list(l.d.values()) == [1, 2, 3]
    assert l.d.pop('a') == 1
    assert 'a' not in l.d
    assert l.d.setdefault('z', []) == []
    l.d['z'].append(4)
    assert l.d['z'] == [4]
    del l.d['z']
    assert l.d | {'q': 0} == {'b': 2, 'c': 3, 'q': 0}
    assert {'q': 0} | l.d == {'q': 0, 'b': 2, 'c': 3}
    l.d |= {'b': 5}
    assert d.get('b') == 5
    assert d.get('no') is None
    assert len(d) == 2
    assert max(d, key=d.get) == 'b'
    assert dict(d) == {'b': 5, 'c': 3}
    assert {**d} == {'b': 5, 'c': 3}
    assert [k for k in d] == ['b', 'c']
    assert list(reversed(d)) == ['c', 'b']
    d.clear()
    assert not l.d
    """,
)
case(
    "a returned list behaves as a list",
    r"""
    def f(xs):
        return [2 * x for x in xs]
    """,
    r"""
    r = f([1, 2, 3])
    a, *b = r
    assert a == 2
    assert b == [4, 6]
    x, y, z = r
    assert z == 6
    assert r[1:] == [4, 6]
    assert r[-1] == 6
    assert r[::-1] == [6, 4, 2]
    assert sum(r) == 12
    assert max(r) == 6
    assert min(r) == 2
    assert sorted(r, reverse=True) == [6, 4, 2]
    assert list(zip(r, [1, 2, 3])) == [(2, 1), (4, 2), (6, 3)]
    assert list(enumerate(r))[2] == (2, 6)
    assert [v + 1 for v in r] == [3, 5, 7]
    assert 4 in r
    assert 5 not in r
    assert r + [1] == [2, 4, 6, 1]
    assert [1] + r == [1, 2, 4, 6]
    assert r * 2 == r + r
    assert 2 * r == r * 2
    assert str(r) == '[2, 4, 6]'
    assert f'{r}' == '[2, 4, 6]'
    assert repr([r]) == '[[2, 4, 6]]'
    assert '%s' % r == '[2, 4, 6]'
    assert isinstance(r, list)
    assert type(r) is list
    assert r == [2, 4, 6]
    assert [2, 4, 6] == r
    assert r != [2, 4]
    assert r < [3]
    assert [1] < r
    assert r <= r
    assert r >= [2]
    assert list(map(float, r)) == [2.0, 4.0, 6.0]
    assert list(filter(lambda v: v > 2, r)) == [4, 6]
    assert list(reversed(r)) == [6, 4, 2]
    assert any(r)
    assert all(r)
    assert bool(r)
    assert len(r) == 3
    assert tuple(r) == (2, 4, 6)
    assert set(r) == {2, 4, 6}
    assert r.copy() == r
    assert r.copy() is not r
    assert [*r, *r] == r * 2
    assert max(*r) == 6
    assert dict.fromkeys(r) == {2: None, 4: None, 6: None}
    """,
)
case(
    "a returned list goes into the standard library",
    r"""
    def f(xs):
        return [2 * x for x in xs]
    """,
    r"""
    import json, copy, math, statistics, itertools, functools, operator, collections
    r = f([1, 2, 3])
    assert json.dumps(r) == '[2, 4, 6]'
    assert json.dumps({'a': r}, indent=1).count('\n') > 3
    assert copy.copy(r) == r
    assert copy.copy(r) is not r
    assert copy.deepcopy([r, r])[0] == r
    assert math.fsum(r) == 12
    assert math.prod(r) == 48
    assert math.dist(r, [0, 0, 0]) > 7
    assert statistics.mean(r) == 4
    assert list(itertools.chain(r, [1])) == [2, 4, 6, 1]
    assert list(itertools.accumulate(r)) == [2, 6, 12]
    assert functools.reduce(operator.add, r) == 12
    assert collections.Counter(r)[2] == 1
    assert ''.join(map(str, r)) == '246'
    assert operator.itemgetter(1)(r) == 4
    assert bytes(r) == b'\x02\x04\x06'
    """,
)
case(
    "aliases in a result stay aliases",
    r"""
    def f():
        a = [1]
        return [a, a]
    """,
    r"""
    r = f()
    assert r[0] is r[1]
    r[0].append(2)
    assert r[1] == [1, 2]
    import copy
    c = copy.deepcopy(r)
    assert c[0] is c[1]
    assert c[0] is not r[0]
    c[0].append(3)
    assert r == [[1, 2], [1, 2]]
    s = r[:]
    assert s is not r
    assert s[0] is r[0]
    """,
)
case(
    "a matrix goes to and fro",
    r"""
    def f(m):
        return [list(r) for r in zip(*m)]
    """,
    r"""
    m = [[1, 2], [3, 4], [5, 6]]
    assert f(m) == [[1, 3, 5], [2, 4, 6]]
    assert m == [[1, 2], [3, 4], [5, 6]]
    assert f(f(m)) == m
    assert list(zip(*f(m))) == [(1, 2), (3, 4), (5, 6)]
    """,
)
case(
    "plain values keep value and type",
    r"""
    def f(x):
        return x
    """,
    r"""
    numbers = [0, 1, -1, 2 ** 70, -2 ** 70, True, 1.5, float('inf'), -0.0, 1j]
    for v in [*numbers, None, 'a', '', '\ud800', b'x\xff', (1, (2,)), (), {1, 2}, frozenset({1}), range(3)]:
        r = f(v)
        assert r == v, v
        assert type(r) is type(v), v
    import math
    assert math.isnan(f(float('nan')))
    assert math.copysign(1, f(-0.0)) == -1.0
    """,
)
case(
    "arguments come back as themselves",
    r"""
    def f(x):
        return x
    """,
    r"""
    x = [1, [2]]
    assert f(x) is x
    assert f(x)[1] is x[1]
    d = {'a': x}
    assert f(d) is d
    assert f((x,))[0] is x
    """,
)
case(
    "what is stored is the test's own list",
    r"""
    store = {}
    def put(k, v):
        store[k] = v
    def get(k):
        return store[k]
    """,
    r"""
    x = [1]
    put('a', x)
    x.append(2)
    assert get('a') == [1, 2]
    assert get('a') is x
    get('a').append(3)
    assert x == [1, 2, 3]
    """,
)
case(
    "a network of the student's in a trainer of the student's",
    r"""
    class T:
        def __init__(self, net):
            self.net = net
        def step(self):
            self.net.w[0] -= 0.5
            return self.net.loss()
    class Net:
        def __init__(self):
            self.w = [1.0]
        def loss(self):
            return self.w[0] ** 2
    """,
    r"""
    n = Net()
    t = T(n)
    assert t.step() == 0.25
    assert n.w == [0.5]
    assert t.net is n
    n.w = [3.0]
    assert t.step() == 6.25
    """,
)
case(
    "a fake network of the test's in a trainer of the student's",
    r"""
    class T:
        def __init__(self, net):
            self.net = net
            self.calls = []
        def step(self, x):
            y = self.net.forward(x)
            self.calls.append(y)
            self.net.backward([1.0])
            for layer in self.net.layers:
                for i in range(len(layer.w)):
                    layer.w[i] -= 0.1 * layer.g[i]
            return sum(y)
    """,
    r"""
    class FL:
        def __init__(self):
            self.w = [1.0]
            self.g = [2.0]
    class FN:
        def __init__(self):
            self.layers = [FL()]
            self.log = []
        def forward(self, x):
            self.log.append(('f', list(x)))
            return [sum(x)]
        def backward(self, t):
            self.log.append(('b', t))
    n = FN()
    t = T(n)
    assert t.step([1, 2]) == 3
    assert n.log == [('f', [1, 2]), ('b', [1.0])]
    assert abs(n.layers[0].w[0] - 0.8) < 1e-12
    assert t.net is n
    assert t.calls == [[3]]
    """,
)
case(
    "truth and attributes of a test's object",
    r"""
    def f(net):
        return 'none' if not net else len(net.layers) if hasattr(net, 'layers') else 'no layers'
    """,
    r"""
    class A:
        pass
    class B:
        layers = [1, 2]
    class C:
        def __len__(self):
            return 0
    assert f(A()) == 'no layers'
    assert f(B()) == 2
    assert f(C()) == 'none'
    assert f(None) == 'none'
    """,
)
case(
    "functions of all kinds are passed",
    r"""
    def apply(fn, *a, **k):
        return fn(*a, **k)
    """,
    r"""
    assert apply(lambda x: x + 1, 2) == 3
    assert apply(max, 1, 5) == 5
    assert apply(len, [1, 2]) == 2
    def g(*, key):
        return key
    assert apply(g, key='v') == 'v'
    import math
    assert apply(math.sqrt, 16) == 4.0
    assert apply(str.upper, 'a') == 'A'
    assert apply([1, 2].index, 2) == 1
    seen = []
    apply(seen.append, 7)
    assert seen == [7]
    assert apply(dict, a=1) == {'a': 1}
    assert apply(int, '12') == 12
    assert apply(sorted, [2, 1]) == [1, 2]
    """,
)
case(
    "keywords may be called anything",
    r"""
    def f(target, name=1, self=2, key=3, args=4):
        return [target, name, self, key, args]
    """,
    r"""
    assert f(target=0, name='n', self='s', key='k', args='a') == [0, 'n', 's', 'k', 'a']
    """,
)
case(
    "methods take keywords of any name",
    r"""
    class C:
        def __init__(self, target, name):
            self.t = (target, name)
        def m(self, *, value, target):
            return value + target
    """,
    r"""
    c = C(target=1, name=2)
    assert c.t == (1, 2)
    assert c.m(value=1, target=2) == 3
    """,
)
case(
    "a predicate of the test's remembers",
    r"""
    def f(pred, xs):
        return [x for x in xs if pred(x)]
    """,
    r"""
    big = []
    def pred(x):
        big.append(x)
        return x > 2
    assert f(pred, [1, 2, 3]) == [3]
    assert big == [1, 2, 3]
    """,
)
case(
    "a call back changes a list of the student's",
    r"""
    def f(cb):
        x = [1]
        cb(x)
        return x
    """,
    r"""
    def cb(x):
        x.append(2)
    assert f(cb) == [1, 2]
    """,
)
case(
    "a call back keeps a list of the student's",
    r"""
    def f(cb):
        x = [1]
        y = cb(x)
        x.append(3)
        return y
    """,
    r"""
    keep = []
    def cb(x):
        keep.append(x)
        return x
    r = f(cb)
    assert r == [1, 3]
    assert keep[0] is r
    """,
)
case(
    "functions go both ways",
    r"""
    def f(cb):
        return cb(lambda v: v * 2)
    """,
    r"""
    def cb(g):
        return g(4) + 1
    assert f(cb) == 9
    assert f(lambda g: g)(5) == 10
    """,
)
case(
    "recursion and large ints",
    r"""
    def fact(n):
        return 1 if n < 2 else n * fact(n - 1)
    """,
    r"""
    assert fact(20) == 2432902008176640000
    assert fact(200) % 10 ** 9 == 0
    assert len(str(fact(300))) == 615
    """,
)
case(
    "endless recursion is a RecursionError",
    r"""
    def f(n):
        return f(n + 1)
    """,
    r"""
    try:
        f(0)
    except RecursionError:
        pass
    else:
        assert False
    """,
)
case(
    "generators are returned",
    r"""
    def g():
        yield 1
        yield 2
    def inf():
        n = 0
        while True:
            yield n
            n += 1
    """,
    r"""
    assert list(g()) == [1, 2]
    it = g()
    assert next(it) == 1
    assert next(it) == 2
    try:
        next(it)
    except StopIteration:
        pass
    else:
        assert False
    assert next(it, None) is None
    import itertools
    assert list(itertools.islice(inf(), 5)) == [0, 1, 2, 3, 4]
    for a, b in zip(g(), 'xy'):
        pass
    assert (a, b) == (2, 'y')
    assert sum(g()) == 3
    assert sorted(g(), reverse=True) == [2, 1]
    assert 2 in g()
    assert [*g()] == [1, 2]
    """,
)
case(
    "iterables of all kinds are passed",
    r"""
    def f(it):
        return [x * 2 for x in it]
    def first(it):
        return next(iter(it))
    """,
    r"""
    assert f((x for x in (1, 2))) == [2, 4]
    assert f(range(3)) == [0, 2, 4]
    assert f(map(abs, [-1])) == [2]
    assert f(zip([1], [2])) == [(1, 2, 1, 2)]
    assert f(enumerate('a')) == [(0, 'a', 0, 'a')]
    assert f(reversed([1, 2])) == [4, 2]
    assert f({'a': 1}.keys()) == ['aa']
    assert f({'a': 1}.values()) == [2]
    assert f({'a': 1}) == ['aa']
    assert f('ab') == ['aa', 'bb']
    assert f({3}) == [6]
    assert f(iter([4])) == [8]
    import itertools
    assert f(itertools.repeat(1, 2)) == [2, 2]
    assert first(itertools.count(5)) == 5
    g = (x for x in (1, 2, 3))
    assert first(g) == 1
    assert list(g) == [2, 3]
    """,
)
case(
    "an iterator of the test's is used up",
    r"""
    def f(it):
        a = next(it)
        return a + next(it, 0)
    def h(m):
        return ('a' in m, len(m), bool(m))
    """,
    r"""
    assert f(iter([1, 2])) == 3
    assert f(iter([1])) == 1
    try:
        f(iter([]))
    except StopIteration:
        pass
    else:
        assert False
    assert h({'a': 1}.keys()) == (True, 1, True)
    assert h({}.keys()) == (False, 0, False)
    """,
)
case(
    "exceptions carry class, message, arguments and attributes",
    r"""
    class E(ValueError):
        def __init__(self, code):
            super().__init__('bad', code)
            self.code = code
            self.line, self.cell, self.lines, self.message = 3, 4, [5], 'm'
    def f(x):
        if x == 0:
            raise E(7)
        if x == 1:
            raise KeyError('k')
        if x == 2:
            raise ValueError
        return 1 / (x - 3)
    """,
    r"""
    try:
        f(0)
    except E as e:
        assert e.code == 7
        assert (e.line, e.cell, e.lines, e.message) == (3, 4, [5], 'm')
        assert e.args == ('bad', 7)
        assert str(e) == "('bad', 7)"
        assert type(e) is E
        assert type(e).__name__ == 'E'
        assert isinstance(e, E)
        assert isinstance(e, ValueError)
        assert isinstance(e, Exception)
        assert not isinstance(e, KeyError)
    else:
        assert False
    try:
        f(1)
    except (TypeError, KeyError) as e:
        assert e.args == ('k',)
        assert str(e) == "'k'"
        assert repr(e) == "KeyError('k')"
    try:
        f(2)
    except E:
        assert False
    except ValueError as e:
        assert e.args == ()
        assert str(e) == ''
        assert type(e) is ValueError
    try:
        f(3)
    except ArithmeticError as e:
        assert str(e) == 'division by zero'
    assert issubclass(E, ValueError)
    assert issubclass(E, E)
    assert not issubclass(E, KeyError)
    """,
)
case(
    "exceptions are caught by base classes",
    r"""
    class E(Exception):
        pass
    class F(E):
        pass
    def f():
        raise F('x')
    """,
    r"""
    try:
        f()
    except E as e:
        assert type(e) is F
    import contextlib
    with contextlib.suppress(E):
        f()
    err = None
    try:
        f()
    except (ValueError, F) as e:
        err = e
    assert str(err) == 'x'
    try:
        try:
            f()
        except KeyError:
            pass
    except E:
        ok = True
    assert ok
    """,
)
case(
    "an exception ends the test",
    r"""
    def f():
        raise ValueError('boom')
    """,
    r"""
    f()
    """,
)
case(
    "an exception of another class ends the test",
    r"""
    def f():
        raise ValueError('boom')
    """,
    r"""
    try:
        f()
    except KeyError:
        pass
    """,
)
case(
    "an assertion of the student's",
    r"""
    def f():
        assert False, 'mine'
    """,
    r"""
    try:
        f()
    except AssertionError as e:
        assert str(e) == 'mine'
    """,
)
case(
    "student code catches what a call back raises",
    r"""
    def f(cb):
        try:
            cb()
        except ValueError as e:
            return ('caught', str(e), e.args)
        finally:
            log.append(1)
    log = []
    """,
    r"""
    def bad():
        raise ValueError('v', 2)
    assert f(bad) == ('caught', "('v', 2)", ('v', 2))
    assert log == [1]
    def other():
        raise KeyError('q')
    try:
        f(other)
    except KeyError as e:
        assert e.args == ('q',)
    else:
        assert False
    assert log == [1, 1]
    """,
)
case(
    "student code wraps what a call back raises",
    r"""
    def f(cb):
        try:
            return cb()
        except Exception as e:
            raise RuntimeError('wrapped') from e
    """,
    r"""
    class Mine(Exception):
        pass
    def bad():
        raise Mine(1)
    try:
        f(bad)
    except RuntimeError as e:
        assert str(e) == 'wrapped'
    else:
        assert False
    """,
)
case(
    "an exception of the student's goes through a call back",
    r"""
    class E(Exception):
        pass
    def raiser():
        raise E('orig')
    def f(cb):
        try:
            cb()
        except E as e:
            return str(e)
    """,
    r"""
    def cb():
        raiser()
    assert f(cb) == 'orig'
    """,
)
case(
    "an exception of the test's goes through student code",
    r"""
    def f(cb):
        return cb()
    """,
    r"""
    class Mine(Exception):
        pass
    boom = Mine('b')
    def cb():
        raise boom
    try:
        f(cb)
    except Mine as e:
        assert e is boom
    else:
        assert False
    """,
)
case(
    "operators of a student's class",
    r"""
    class V:
        def __init__(s, x, y):
            s.x = x
            s.y = y
        def __add__(s, o):
            return V(s.x + o.x, s.y + o.y)
        def __sub__(s, o):
            return V(s.x - o.x, s.y - o.y)
        def __mul__(s, k):
            return V(s.x * k, s.y * k)
        __rmul__ = __mul__
        def __matmul__(s, o):
            return s.x * o.x + s.y * o.y
        def __neg__(s):
            return V(-s.x, -s.y)
        def __abs__(s):
            return (s.x ** 2 + s.y ** 2) ** 0.5
        def __getitem__(s, i):
            return (s.x, s.y)[i]
        def __len__(s):
            return 2
        def __iter__(s):
            return iter((s.x, s.y))
        def __repr__(s):
            return f'V({s.x}, {s.y})'
        def __call__(s, k):
            return s.x * k
        def __contains__(s, v):
            return v in (s.x, s.y)
        def __iadd__(s, o):
            s.x += o.x
            s.y += o.y
            return s
        def __setitem__(s, i, v):
            setattr(s, 'xy'[i], v)
        def __bool__(s):
            return True
    """,
    r"""
    a = V(3, 4)
    b = V(1, 1)
    c = a + b
    assert (c.x, c.y) == (4, 5)
    assert tuple(a - b) == (2, 3)
    assert tuple(a * 2) == (6, 8)
    assert tuple(2 * a) == (6, 8)
    assert a @ b == 7
    assert tuple(-a) == (-3, -4)
    assert abs(a) == 5.0
    assert a[0] == 3
    assert a[-1] == 4
    assert len(a) == 2
    assert list(a) == [3, 4]
    assert str(a) == 'V(3, 4)'
    assert f'{a}' == 'V(3, 4)'
    assert a(10) == 30
    assert 3 in a
    assert 9 not in a
    x, y = a
    assert (x, y) == (3, 4)
    d = a
    a += b
    assert d is a
    assert d.x == 4
    a[0] = 7
    assert a.x == 7
    assert isinstance(a, V)
    assert type(a) is V
    assert sum([V(1, 2), V(3, 4)], V(0, 0)).y == 6
    assert a[0:2] == (7, 5)
    """,
)
case(
    "a dataclass",
    r"""
    from dataclasses import dataclass, field
    @dataclass
    class P:
        x: int
        tags: list = field(default_factory=list)
        def norm(self):
            return abs(self.x)
    """,
    r"""
    p = P(-3)
    q = P(x=4, tags=['a'])
    assert p.x == -3
    assert p.norm() == 3
    assert p.tags == []
    assert q.tags == ['a']
    p.tags.append(1)
    assert p.tags == [1]
    assert P(1).tags == []
    assert repr(q) != ''
    assert str(q) == "P(x=4, tags=['a'])"
    assert vars(q) == {'x': 4, 'tags': ['a']}
    assert p != q
    """,
)
case(
    "an enum",
    r"""
    from enum import Enum
    class Color(Enum):
        RED = 1
        BLUE = 2
    def mix(a):
        return Color.BLUE if a is Color.RED else Color.RED
    """,
    r"""
    assert Color.RED.value == 1
    assert Color.RED.name == 'RED'
    assert Color(2) is Color.BLUE
    assert Color['RED'] is Color.RED
    assert Color.RED is Color.RED
    assert Color.RED == Color.RED
    assert Color.RED != Color.BLUE
    assert mix(Color.RED) is Color.BLUE
    assert [c.name for c in Color] == ['RED', 'BLUE']
    assert len(Color) == 2
    assert isinstance(Color.RED, Color)
    assert {Color.RED: 1}[Color.RED] == 1
    assert Color.RED in list(Color)
    """,
)
case(
    "a namedtuple",
    r"""
    from collections import namedtuple
    P = namedtuple('P', 'x y')
    def f():
        return P(1, y=2)
    """,
    r"""
    p = f()
    assert p.x == 1
    assert p[1] == 2
    assert tuple(p) == (1, 2)
    assert p._fields == ('x', 'y')
    assert len(p) == 2
    assert p._replace(x=5).x == 5
    assert list(p) == [1, 2]
    x, y = p
    assert x + y == 3
    assert sum(p) == 3
    assert p[:1] == (1,)
    assert isinstance(p, P)
    """,
)
case(
    "classes, inheritance, properties",
    r"""
    class A:
        n = 0
        def __init__(self):
            A.n += 1
            self.v = 'a'
        def hi(self):
            return 'A' + self.v
        @classmethod
        def make(cls):
            return cls()
        @staticmethod
        def two():
            return 2
        @property
        def p(self):
            return self._p if hasattr(self, '_p') else 0
        @p.setter
        def p(self, v):
            if v < 0:
                raise ValueError('neg')
            self._p = v
    class B(A):
        def hi(self):
            return 'B' + super().hi()
    """,
    r"""
    a = A()
    b = B.make()
    assert a.hi() == 'Aa'
    assert b.hi() == 'BAa'
    assert A.n == 2
    assert B.n == 2
    assert A.two() == 2
    assert isinstance(b, A)
    assert not isinstance(a, B)
    assert issubclass(B, A)
    assert type(b) is B
    assert b.__class__ is B
    assert B.__name__ == 'B'
    assert type(b).__name__ == 'B'
    assert B.__bases__ == (A,)
    assert [k.__name__ for k in B.__mro__] == ['B', 'A', 'object']
    a.p = 3
    assert a.p == 3
    try:
        a.p = -1
    except ValueError as e:
        assert str(e) == 'neg'
    else:
        assert False
    assert a.p == 3
    assert hasattr(a, 'p')
    assert not hasattr(a, 'q')
    assert getattr(a, 'q', 5) == 5
    del a._p
    assert a.p == 0
    a.new = [1]
    assert a.new == [1]
    assert 'new' in vars(a)
    A.n = 10
    assert B.n == 10
    setattr(a, 'v', 'z')
    assert a.hi() == 'Az'
    assert callable(a.hi)
    assert A.hi(a) == 'Az'
    """,
)
case(
    "a context manager",
    r"""
    class M:
        def __init__(self):
            self.log = []
        def __enter__(self):
            self.log.append('in')
            return self
        def __exit__(self, *e):
            self.log.append('out')
    """,
    r"""
    m = M()
    with m as x:
        assert x is m
        assert m.log == ['in']
    assert m.log == ['in', 'out']
    try:
        with m:
            raise KeyError(1)
    except KeyError:
        pass
    else:
        assert False
    assert m.log == ['in', 'out', 'in', 'out']
    """,
)
case(
    "a generator as a context manager",
    r"""
    import contextlib
    @contextlib.contextmanager
    def cm(log):
        log.append(1)
        yield 'v'
        log.append(2)
    """,
    r"""
    log = []
    with cm(log) as v:
        assert v == 'v'
        assert log == [1]
    assert log == [1, 2]
    """,
)
case(
    "decorators",
    r"""
    import functools
    def deco(fn):
        @functools.wraps(fn)
        def inner(*a, **k):
            inner.calls += 1
            return fn(*a, **k)
        inner.calls = 0
        return inner
    @deco
    def g(x):
        'doc of g'
        return x + 1
    """,
    r"""
    assert g(1) == 2
    assert g.calls == 1
    assert g.__name__ == 'g'
    assert g.__doc__ == 'doc of g'
    @deco
    def mine(x, *, y=1):
        return x * y
    assert mine(2, y=4) == 8
    assert mine.calls == 1
    assert mine(3) == 3
    assert mine.calls == 2
    h = deco(g)
    assert h(5) == 6
    assert h.calls == 1
    assert g.calls == 2
    """,
)
case(
    "a global counter",
    r"""
    count = 0
    def tick():
        global count
        count += 1
        return count
    """,
    r"""
    assert tick() == 1
    assert tick() == 2
    assert count == 2
    tick()
    assert count == 3
    """,
)
case(
    "all kinds of parameters",
    r"""
    def f(a, /, b=2, *args, c, d=4, **kw):
        return [a, b, list(args), c, d, kw]
    """,
    r"""
    assert f(1, c=3) == [1, 2, [], 3, 4, {}]
    assert f(1, 9, 8, 7, c=3, z=0) == [1, 9, [8, 7], 3, 4, {'z': 0}]
    try:
        f(1)
    except TypeError:
        pass
    else:
        assert False
    try:
        f(a=1, c=2)
    except TypeError:
        pass
    else:
        assert False
    args = [1, 2]
    assert f(*args, **{'c': 5})[3] == 5
    """,
)
case(
    "dicts with keys and values of all kinds",
    r"""
    def f():
        return {(1, 2): 'a', 3: [4], None: {'x': (5, [6])}}
    """,
    r"""
    d = f()
    assert d[1, 2] == 'a'
    assert d[3] == [4]
    assert d[None]['x'] == (5, [6])
    d[None]['x'][1].append(7)
    assert d == {(1, 2): 'a', 3: [4], None: {'x': (5, [6, 7])}}
    for k, v in d.items():
        pass
    assert list(d) == [(1, 2), 3, None]
    assert d.keys() == {(1, 2), 3, None}
    assert (3, [4]) in d.items()
    """,
)
case(
    "lists of objects",
    r"""
    class N:
        def __init__(self):
            self.layers = [Layer(i) for i in range(3)]
    class Layer:
        def __init__(self, i):
            self.i = i
            self.w = [float(i)] * 2
        def go(self):
            self.w[0] += 1
            return self.w
    """,
    r"""
    n = N()
    assert [l.i for l in n.layers] == [0, 1, 2]
    assert len(n.layers) == 3
    assert n.layers[-1].i == 2
    assert all((isinstance(l, Layer) for l in n.layers))
    for l in n.layers:
        l.go()
    assert [l.w[0] for l in n.layers] == [1.0, 2.0, 3.0]
    for l in reversed(n.layers):
        l.w[:] = [0.0, 0.0]
    assert all((l.w == [0.0, 0.0] for l in n.layers))
    before = [[list(l.w)] for l in n.layers]
    n.layers[0].go()
    assert before[0] == [[0.0, 0.0]]
    assert n.layers[0].w == [1.0, 0.0]
    first = n.layers.pop(0)
    assert first.i == 0
    assert [l.i for l in n.layers] == [1, 2]
    n.layers.append(first)
    n.layers[0], n.layers[2] = (n.layers[2], n.layers[0])
    assert [l.i for l in n.layers] == [0, 2, 1]
    assert n.layers[0] is first
    assert first in n.layers
    assert n.layers.index(first) == 0
    """,
)
case(
    "deep copies of objects are independent",
    r"""
    class N:
        def __init__(self):
            self.layers = [L()]
    class L:
        def __init__(self):
            self.w = [1.0]
        def up(self):
            self.w[0] += 1
    """,
    r"""
    import copy
    n = N()
    b = copy.deepcopy(n.layers)
    c = copy.deepcopy(n)
    d = copy.copy(n.layers)
    n.layers[0].up()
    assert b[0].w == [1.0]
    assert c.layers[0].w == [1.0]
    assert d[0].w == [2.0]
    w = copy.deepcopy(n.layers[0].w)
    n.layers[0].up()
    assert w == [2.0]
    e = copy.deepcopy({'n': n})
    assert e['n'].layers[0].w == [3.0]
    assert e['n'] is not n
    """,
)
case(
    "augmented assignment keeps the list",
    r"""
    def f(xs):
        return [2 * x for x in xs]
    """,
    r"""
    acc = [1]
    alias = acc
    acc += f([1])
    assert alias == [1, 2]
    assert acc is alias
    t = ()
    t += tuple(f([2]))
    assert t == (4,)
    n = 0
    n += f([3])[0]
    assert n == 6
    acc[0] += 5
    assert alias[0] == 6
    s = 'a'
    s += 'b'
    assert s == 'ab'
    b = []
    b.extend(f([1]))
    b[:0] = f([9])
    assert b == [18, 2]
    d = {}
    d['k'] = f([1])
    d['k'] += [5]
    assert d == {'k': [2, 5]}
    """,
)
case(
    "augmented assignment in a function",
    r"""
    def f(xs):
        return [2 * x for x in xs]
    """,
    r"""
    def helper(xs):
        out = []
        keep = out
        for x in xs:
            out += f([x])
        return (out is keep, out)
    assert helper([1, 2]) == (True, [2, 4])
    """,
)
case(
    "a list is matched",
    r"""
    def f(xs):
        return [2 * x for x in xs]
    """,
    r"""
    match f([1, 2]):
        case [a, b]:
            assert (a, b) == (2, 4)
        case _:
            assert False
    match {'r': f([3])}:
        case {'r': [x]}:
            assert x == 6
        case _:
            assert False
    """,
)
case(
    "a dict is matched",
    r"""
    def f():
        return {'a': [1, 2], 'b': {'c': 3}}
    """,
    r"""
    match f():
        case {'a': [x, *_], 'b': {'c': y}}:
            assert (x, y) == (1, 3)
        case _:
            assert False
    import json
    assert json.loads(json.dumps(f())) == f()
    assert json.dumps(f(), sort_keys=True) == json.dumps({'b': {'c': 3}, 'a': [1, 2]}, sort_keys=True)
    assert '{a} {b}'.format(**f()) == "[1, 2] {'c': 3}"
    assert '%(a)s' % f() == '[1, 2]'
    d = f()
    assert d.pop('zz', None) is None
    assert d.popitem()[0] == 'b'
    assert d.copy() == {'a': [1, 2]}
    assert d != {}
    assert list(d.items()) == [('a', [1, 2])]
    """,
)
case(
    "a class body of the test's uses student code",
    r"""
    def f(x):
        return x * 2
    """,
    r"""
    class Fake:
        base = f(2)
        def m(self):
            return f(self.base)
        twice = staticmethod(f)
        table = [f(i) for i in range(3)]
        def n(self, k=f(5)):
            return k
    assert Fake.base == 4
    assert Fake().m() == 8
    assert Fake.table == [0, 2, 4]
    assert Fake().n() == 10
    """,
)
case(
    "docstrings and names",
    r"""
    def f():
        pass
    class C:
        'docs'
        def m(self):
            'mm'
    """,
    r"""
    assert f.__name__ == 'f'
    assert f.__doc__ is None
    assert C.__doc__ == 'docs'
    assert C.m.__doc__ == 'mm'
    assert C().m.__name__ == 'm'
    assert C.__name__ == 'C'
    assert f() is None
    """,
)
case(
    "annotations and code",
    r"""
    def f(x: int) -> str:
        return str(x)
    """,
    r"""
    assert f.__annotations__ == {'x': int, 'return': str}
    assert f.__defaults__ is None
    assert f.__code__.co_argcount == 1
    """,
)
case(
    "booleans",
    r"""
    def f(x):
        return x == 3
    """,
    r"""
    assert f(3) is True
    assert f(4) is False
    assert f(3) == 1
    assert not f(0)
    """,
)
case(
    "closures are returned",
    r"""
    def f():
        return lambda k: k + 1
    def g(n):
        return [lambda v, i=i: v + i for i in range(n)]
    """,
    r"""
    h = f()
    assert h(2) == 3
    assert f()(1) == 2
    assert [k(10) for k in g(3)] == [10, 11, 12]
    """,
)
case(
    "rows of a matrix",
    r"""
    def f():
        return [[0] * 3 for _ in range(2)]
    """,
    r"""
    m = f()
    m[0][0] = 1
    assert m == [[1, 0, 0], [0, 0, 0]]
    for row in m:
        for i in range(len(row)):
            row[i] += 1
    assert m == [[2, 1, 1], [1, 1, 1]]
    m[1] = m[0]
    m[1][2] = 9
    assert m[0][2] == 9
    assert sum(map(sum, m)) == 24
    assert [r[0] for r in m] == [2, 2]
    assert sum(m, []) == [2, 1, 9, 2, 1, 9]
    del m[0][0]
    assert m == [[1, 9], [1, 9]]
    assert len(m[0]) == 2
    """,
)
case(
    "shared rows",
    r"""
    def f():
        return [0] * 3
    """,
    r"""
    m = [f()] * 2
    m[0][0] = 1
    assert m == [[1, 0, 0], [1, 0, 0]]
    x = f()
    x[0], x[2] = (5, 6)
    assert x == [5, 0, 6]
    x.append(x)
    assert x[3] is x
    assert len(x) == 4
    """,
)
case(
    "random numbers, seeded alike",
    r"""
    import random
    def f():
        return [random.random() for _ in range(2)]
    def seeded(s):
        return random.Random(s).random()
    """,
    r"""
    import random
    assert f() != f()
    assert seeded(3) == random.Random(3).random()
    r = random.Random(1)
    assert 0 <= r.random() < 1
    """,
)
case(
    "a generator of random numbers is passed",
    r"""
    def f(rng):
        return [rng.random(), rng.randint(1, 6)]
    """,
    r"""
    import random
    a = random.Random(5)
    b = random.Random(5)
    r = f(a)
    assert r == [b.random(), b.randint(1, 6)]
    """,
)
case(
    "a stack",
    r"""
    class S:
        def __init__(self):
            self.items = []
        def push(self, x):
            self.items.append(x)
        def pop(self):
            if not self.items:
                raise IndexError('empty')
            return self.items.pop()
        def __len__(self):
            return len(self.items)
    """,
    r"""
    s = S()
    s.push([1])
    s.push('b')
    assert len(s) == 2
    assert s.pop() == 'b'
    x = s.pop()
    assert x == [1]
    assert len(s) == 0
    try:
        s.pop()
    except IndexError as e:
        assert str(e) == 'empty'
    else:
        assert False
    x.append(2)
    s.push(x)
    assert s.items == [[1, 2]]
    assert s.items[0] is x
    """,
)
case(
    "a key function is passed",
    r"""
    def f(xs, *, key=None):
        return sorted(xs, key=key)
    """,
    r"""
    assert f([3, 1, 2]) == [1, 2, 3]
    assert f(['bb', 'a'], key=len) == ['a', 'bb']
    assert f([1, 2], key=lambda v: -v) == [2, 1]
    """,
)
case(
    "identity and equality in student code",
    r"""
    def f(a, b):
        return (a is b, a == b)
    """,
    r"""
    x = [1]
    assert f(x, x) == (True, True)
    assert f(x, [1]) == (False, True)
    assert f([x], [x]) == (False, True)
    """,
)
case(
    "a new list for an argument",
    r"""
    def f(x):
        x = x + [1]
        return x
    """,
    r"""
    x = [0]
    y = f(x)
    assert x == [0]
    assert y == [0, 1]
    assert y is not x
    """,
)
case(
    "an inverted dict",
    r"""
    def f(d):
        return {v: k for k, v in d.items()}
    """,
    r"""
    d = {'a': 1, 'b': 2}
    assert f(d) == {1: 'a', 2: 'b'}
    assert f(f(d)) == d
    assert d == {'a': 1, 'b': 2}
    """,
)
case(
    "sets and frozen sets are passed",
    r"""
    def f(s):
        return (sorted(s), len(s), s | {9})
    """,
    r"""
    s = {3, 1}
    assert f(s) == ([1, 3], 2, {1, 3, 9})
    assert s == {1, 3}
    assert f(frozenset({2}))[0] == [2]
    """,
)
case(
    "tuples with lists in them",
    r"""
    def swap(p):
        return (p[1], p[0])
    """,
    r"""
    assert swap((1, [2])) == ([2], 1)
    t = (1, [2])
    assert swap(t)[0] is t[1]
    """,
)
case(
    "prints and warnings",
    r"""
    def f(x):
        print('hi', x)
        import sys, warnings
        print('err', file=sys.stderr)
        warnings.warn('w')
        return x
    """,
    r"""
    assert f(1) == 1
    """,
)
case(
    "nonlocal variables",
    r"""
    def outer(n):
        def inner():
            nonlocal n
            n += 1
            return n
        return inner
    """,
    r"""
    i = outer(5)
    assert i() == 6
    assert i() == 7
    assert outer(0)() == 1
    """,
)
case(
    "a conversion fails",
    r"""
    def f(x):
        return float(x)
    """,
    r"""
    assert f('1.5') == 1.5
    try:
        f('x')
    except ValueError as e:
        assert 'could not convert' in str(e)
    else:
        assert False
    """,
)
case(
    "a division fails",
    r"""
    def f(a, b):
        return a / b
    """,
    r"""
    try:
        f(1, 0)
    except ZeroDivisionError:
        pass
    else:
        assert False
    assert f(1, 3) == 1 / 3
    assert abs(f(2, 3) - 0.6667) < 0.0001
    assert round(f(2, 3), 2) == 0.67
    """,
)
case(
    "a wrong answer",
    r"""
    def f():
        return 1
    """,
    r"""
    assert f() == 2
    """,
)
case(
    "a wrong call",
    r"""
    def f():
        return 1
    """,
    r"""
    assert f(3) == 1
    """,
)
case(
    "an index out of range",
    r"""
    def f():
        return [1]
    """,
    r"""
    f()[3]
    """,
)
case(
    "a missing key",
    r"""
    def f():
        return {}
    """,
    r"""
    f()['k']
    """,
)
case(
    "a missing attribute",
    r"""
    class C:
        pass
    """,
    r"""
    C().x
    """,
)
case(
    "an attribute of None",
    r"""
    def f():
        return None
    """,
    r"""
    f().x
    """,
)
case(
    "adding what cannot be added",
    r"""
    def f():
        return [1]
    """,
    r"""
    f() + 1
    """,
)
case(
    "hashing what cannot be hashed",
    r"""
    def f():
        return (1, [2])
    """,
    r"""
    hash(f())
    """,
)
case(
    "a list as a key",
    r"""
    def f():
        return [1]
    """,
    r"""
    {f(): 1}
    """,
)
case(
    "strings",
    r"""
    def f():
        return 'abc'
    """,
    r"""
    assert f()[1] == 'b'
    assert f().upper() == 'ABC'
    assert 'b' in f()
    assert len(f()) == 3
    assert f() + 'd' == 'abcd'
    assert f'{f():>5}' == '  abc'
    assert list(f()) == ['a', 'b', 'c']
    """,
)
case(
    "globals of plain data",
    r"""
    x = 5
    y = [x]
    def set_x(v):
        global x
        x = v
    """,
    r"""
    assert x == 5
    assert y == [5]
    set_x(7)
    assert x == 7
    y.append(8)
    assert y == [5, 8]
    """,
)
case(
    "a linked list of objects",
    r"""
    class Node:
        def __init__(self, v, next=None):
            self.v = v
            self.next = next
    def build(xs):
        head = None
        for x in reversed(xs):
            head = Node(x, head)
        return head
    """,
    r"""
    n = build([1, 2, 3])
    vals = []
    while n is not None:
        vals.append(n.v)
        n = n.next
    assert vals == [1, 2, 3]
    """,
)
case(
    "nested dicts",
    r"""
    def tree(d):
        return {'l': tree(d - 1), 'r': tree(d - 1)} if d else 'leaf'
    """,
    r"""
    t = tree(4)
    def count(t):
        return 1 if t == 'leaf' else count(t['l']) + count(t['r'])
    assert count(t) == 16
    assert t['l'] is not t['r']
    assert t['l'] == t['r']
    """,
)
case(
    "a list that holds itself",
    r"""
    def cyc():
        a = [1]
        a.append(a)
        return a
    """,
    r"""
    a = cyc()
    assert a[1] is a
    assert a[1][1][0] == 1
    assert len(a) == 2
    assert repr(a) == '[1, [...]]'
    """,
)
case(
    "attributes are read again after a call has changed them",
    r"""
    class Box:
        def __init__(self):
            self.size = 1
            self.items = [[1, 2], [3]]
        def grow(self):
            self.size += 1
            self.items.append([self.size])
        def total(self):
            return sum(map(sum, self.items))
    """,
    r"""
    box = Box()
    assert (box.size, box.items) == (1, [[1, 2], [3]])
    box.grow()
    assert (box.size, box.items) == (2, [[1, 2], [3], [2]])
    box.items[0][1] = 10
    assert box.total() == 16
    box.items[1].append(100)
    box.items.append([1000])
    assert box.total() == 1116
    box.size = 7
    assert box.size == 7
    box.grow()
    assert box.size == 8 and box.items[-1] == [8]
    """,
)
case(
    "a property is computed at every reading",
    r"""
    class Counter:
        def __init__(self):
            self.n = 0
            self.seen = []
        @property
        def next(self):
            self.n += 1
            self.seen.append(self.n)
            return self.n
    """,
    r"""
    c = Counter()
    assert c.n == 0 and c.seen == []
    assert c.next == 1 and c.next == 2
    assert c.n == 2 and c.seen == [1, 2]
    """,
)
case(
    "objects with a will of their own about attributes",
    r"""
    class Odd:
        def __init__(self):
            self.asked = []
        def __getattr__(self, name):
            if name.startswith("x"):
                self.asked.append(name)
                return len(self.asked)
            raise AttributeError(name)
    class Spy:
        def __init__(self):
            self.count = 0
        def __getattribute__(self, name):
            if name == "value":
                object.__setattr__(self, "count", object.__getattribute__(self, "count") + 1)
                return object.__getattribute__(self, "count")
            return object.__getattribute__(self, name)
    class Slots:
        __slots__ = ("a",)
        def __init__(self):
            self.a = [1]
        def double(self):
            self.a[0] *= 2
            return self.a[0]
    """,
    r"""
    o = Odd()
    assert o.asked == []
    assert o.x1 == 1 and o.x1 == 2 and o.asked == ["x1", "x1"]
    assert not hasattr(o, "y") and getattr(o, "y", 5) == 5
    s = Spy()
    assert s.count == 0 and s.value == 1 and s.value == 2 and s.count == 2
    t = Slots()
    assert t.a == [1] and t.double() == 2 and t.a == [2]
    """,
)
case(
    "a method is replaced, on the object and on its class",
    r"""
    class Cat:
        def __init__(self):
            self.name = "cat"
        def speak(self):
            return "miaow"
        def learn(self):
            self.speak = lambda: "woof"
    def unlearn():
        Cat.speak = lambda self: "..."
    """,
    r"""
    cat = Cat()
    assert cat.name == "cat" and cat.speak() == "miaow"
    cat.learn()
    assert cat.speak() == "woof"
    other = Cat()
    assert other.speak() == "miaow"
    other.speak = lambda: "from the test"
    assert other.speak() == "from the test"
    other.speak = 5
    assert other.speak == 5
    del other.speak
    third = Cat()
    unlearn()
    assert third.speak() == "..." and other.speak() == "..."
    """,
)
case(
    "a method is a value",
    r"""
    class Adder:
        def __init__(self, n):
            self.n = n
        def add(self, x):
            "Adds."
            return self.n + x
        @staticmethod
        def twice(x):
            return 2 * x
        @classmethod
        def make(cls):
            return cls(40)
    def apply(f, xs):
        return [f(x) for x in xs]
    """,
    r"""
    a = Adder(2)
    add = a.add
    assert a.n == 2 and add(3) == 5 and callable(a.add)
    a.n = 10
    assert add(3) == 13
    assert apply(a.add, [1, 2]) == [11, 12]
    assert [a.add(x) for x in (1, 2)] == list(map(a.add, (1, 2)))
    assert a.add.__name__ == "add" and a.add.__doc__ == "Adds."
    assert a.twice(4) == 8 and a.make().add(2) == 42
    assert sorted([3, 1, 2], key=a.add) == [1, 2, 3]
    """,
)
case(
    "objects in objects share what they share",
    r"""
    class Node:
        def __init__(self, value, parent=None):
            self.value = value
            self.parent = parent
            self.children = []
            if parent is not None:
                parent.children.append(self)
        def sum(self):
            return self.value + sum(child.sum() for child in self.children)
    """,
    r"""
    root = Node(1)
    left, right = Node(2, root), Node(3, root)
    assert root.children[0] is left and right.parent is root
    assert left.parent.children[1].value == 3
    right.parent.children[0].value = 20
    assert left.value == 20 and root.sum() == 24
    root.children.pop()
    assert root.sum() == 21 and len(left.parent.children) == 1
    """,
)
case(
    "an exception in a method leaves what it had changed",
    r"""
    class Account:
        def __init__(self):
            self.balance = 10
            self.log = []
        def take(self, n):
            self.log.append(n)
            if n > self.balance:
                raise ValueError("too much")
            self.balance -= n
    """,
    r"""
    account = Account()
    assert account.balance == 10
    account.take(4)
    try:
        account.take(100)
        assert False, "no error"
    except ValueError:
        pass
    assert account.balance == 6 and account.log == [4, 100]
    try:
        account.missing
        assert False, "no error"
    except AttributeError:
        pass
    """,
)
case(
    "a list is written to many times before anybody looks",
    r"""
    grid = [[0, 0], [0, 0]]
    big = [0] * 500
    def both():
        return [row[:] for row in grid], sum(big)
    table = {"a": 1}
    def keys():
        return sorted(table)
    """,
    r"""
    grid[0][0] += 1
    grid[0][0] += 1
    grid[1][:] = [5, 6]
    grid.append([7])
    big[3] = 4
    big[-1] += 5
    big.append(1)
    assert both() == ([[2, 0], [5, 6], [7]], 10)
    assert grid == [[2, 0], [5, 6], [7]] and len(big) == 501 and big[3] == 4
    table["b"] = 2
    del table["a"]
    assert keys() == ["b"] and table == {"b": 2}
    """,
)
case(
    "dicts of the standard library",
    r"""
    from collections import Counter, OrderedDict, defaultdict
    def count(text):
        return Counter(text)
    def group(words):
        groups = defaultdict(list)
        for word in words:
            groups[word[0]].append(word)
        return groups
    def ordered(pairs):
        return OrderedDict(pairs)
    store = defaultdict(int)
    def add(key):
        store[key] += 1
    class Holder:
        def __init__(self):
            self.table = OrderedDict(a=1)
        def keys(self):
            return list(self.table)
    """,
    r"""
    c = count("abca")
    assert c == {"a": 2, "b": 1, "c": 1} and isinstance(c, dict) and c["a"] == 2
    assert c["z"] == 0 and sum(c.values()) == 4 and sorted(c) == ["a", "b", "c"]
    g = group(["ab", "b", "ac"])
    assert g == {"a": ["ab", "ac"], "b": ["b"]}
    assert g["new"] == [] and "new" in g and len(g) == 3
    assert list(ordered([("x", 1), ("y", 2)]).items()) == [("x", 1), ("y", 2)]
    add("k")
    add("k")
    assert store["k"] == 2 and store == {"k": 2}
    store["k"] = 5
    add("k")
    assert store["k"] == 6
    h = Holder()
    assert h.table == {"a": 1}
    h.table["b"] = 2
    assert h.keys() == ["a", "b"]
    try:
        ordered([])["missing"]
        assert False, "no error"
    except KeyError:
        pass
    """,
)
case(
    "a dict of a class of the student's own is an object",
    r"""
    class Odd(dict):
        def __eq__(self, other):
            return True
        __hash__ = None
    def odd():
        return Odd(a=1)
    """,
    r"""
    o = odd()
    assert o["a"] == 1 and len(o) == 1
    """,
)
case(
    "exact numbers of the standard library",
    r"""
    from decimal import Decimal
    from fractions import Fraction
    def half():
        return Fraction(1, 2)
    def tenth():
        return Decimal("0.1")
    def twice(x):
        return 2 * x
    """,
    r"""
    assert half() == 0.5 and abs(half() - 0.5) < 1e-9 and half() + half() == 1
    assert tenth() * 10 == 1 and str(tenth()) == "0.1"
    assert twice(half()) == 1 and [half()] == [0.5]
    """,
)
