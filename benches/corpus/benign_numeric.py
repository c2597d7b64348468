"""Benign samples of numpy, scipy, pandas, dill, cloudpickle and networkx."""
import pickle

from benign import Missing

TOP = pickle.HIGHEST_PROTOCOL


def numpy_objects(np):
    rng = np.random.RandomState(3)
    yield "float64-2d", rng.rand(4, 5)
    yield "int32", np.arange(12, dtype=np.int32).reshape(3, 4)
    yield "fortran", np.asfortranarray(rng.rand(3, 4))
    yield "bool", np.array([True, False])
    yield "complex", np.array([1 + 2j, 3])
    yield "unicode", np.array(["ab", "cde"])
    yield "bytes", np.array([b"ab", b"cde"])
    yield "object", np.array([1, "a", None, [1, 2]], dtype=object)
    yield "structured", np.array([(1, 2.0), (3, 4.0)], dtype=[("a", "i4"), ("b", "f8")])
    yield "datetime64", np.array(["2020-01-01", "2021-02-03"], dtype="datetime64[D]")
    yield "timedelta64", np.array([1, 2], dtype="timedelta64[s]")
    yield "scalars", [np.float64(1.5), np.int64(3), np.bool_(True), np.str_("x"), np.float32(2), np.datetime64("2020-01-01")]
    yield "empty", np.zeros((0, 3))
    yield "zero-dim", np.array(5)
    yield "big-endian", np.arange(5, dtype=">f4")
    yield "matrix", np.matrix([[1, 2], [3, 4]])
    yield "recarray", np.rec.array([(1, "a"), (2, "b")], dtype=[("x", "i4"), ("y", "U1")])
    yield "masked", np.ma.array([1, 2, 3], mask=[0, 1, 0])
    yield "dtypes", [np.dtype("float32"), np.dtype([("a", "i4", (2,))]), np.dtype("O"), np.dtype(">i8")]
    yield "types", [np.float32, np.int64, np.ndarray]
    yield "randomstate", rng
    yield "ufuncs", [np.log1p, np.add, np.sqrt]
    yield "functions", [np.mean, np.sum, np.median]
    yield "poly1d", np.poly1d([1, 2, 3])
    yield "polynomial", np.polynomial.Polynomial([1, 2, 3])
    yield "chebyshev", np.polynomial.Chebyshev([1, 2])
    yield "nested", {"w": [rng.rand(2), rng.rand(3)], "b": (np.zeros(2), np.ones(1))}
    yield "large", rng.rand(200, 50)
    if hasattr(np.random, "default_rng"):
        yield "generator-pcg64", np.random.default_rng(5)
        for n in ("MT19937", "Philox", "SFC64"):
            yield "generator-" + n.lower(), np.random.Generator(getattr(np.random, n)(5))
        yield "bitgen", np.random.PCG64(1)
        yield "seedsequence", np.random.SeedSequence(9)
    if hasattr(getattr(np, "dtypes", None), "StringDType"):
        yield "stringdtype", np.array(["abc", "d"], dtype=np.dtypes.StringDType())


def scipy_objects(np):
    import scipy.interpolate as si
    import scipy.optimize as so
    import scipy.sparse as sp
    import scipy.spatial as ss
    import scipy.stats as st
    m = sp.random(6, 5, 0.4, random_state=1, format="csr")
    for f in ("csr", "csc", "coo", "bsr", "dia", "lil", "dok"):
        yield "sparse-" + f, m.asformat(f)
    if hasattr(sp, "csr_array"):
        yield "sparse-array", sp.csr_array(m)
    x = np.linspace(0, 1, 9)
    y = x ** 2
    yield "interp1d", si.interp1d(x, y)
    yield "cubicspline", si.CubicSpline(x, y)
    yield "univariate", si.UnivariateSpline(x, y)
    yield "bspline", si.make_interp_spline(x, y)
    yield "pchip", si.PchipInterpolator(x, y)
    yield "regulargrid", si.RegularGridInterpolator((x, x), np.outer(y, y))
    if hasattr(si, "RBFInterpolator"):
        yield "rbf", si.RBFInterpolator(np.c_[x, y], y)
    yield "frozen-norm", st.norm(0, 2)
    yield "frozen-gamma", st.gamma(2.0)
    yield "frozen-binom", st.binom(5, 0.3)
    yield "distribution-beta", st.beta
    yield "kde", st.gaussian_kde(y + 0.1 * x)
    yield "multivariate-normal", st.multivariate_normal([0, 1])
    yield "ttest", st.ttest_ind(x, y)
    yield "kdtree", ss.cKDTree(np.c_[x, y])
    yield "optimizeresult", so.OptimizeResult(x=x, fun=1.0, success=True)
    if hasattr(ss, "transform"):
        yield "rotation", ss.transform.Rotation.from_quat([0, 0, 0, 1])
    import scipy.special as sc
    yield "special-ufuncs", [sc.expit, sc.logit]
    import scipy.signal as sg
    yield "ltisys", sg.TransferFunction([1], [1, 2])


def pandas_objects(np):
    import pandas as pd
    df = pd.DataFrame({"a": [1, 2, 3], "b": [1.5, 2.5, None], "c": ["x", "y", "z"]})
    yield "frame", df
    yield "frame-dates", df.set_index(pd.date_range("2020-01-01", periods=3, freq="D"))
    yield "series", df["a"]
    yield "series-str", df["c"]
    yield "categorical", pd.Series(["a", "b", "a"], dtype="category")
    yield "multiindex", df.set_index(["a", "c"])
    yield "nullable", pd.DataFrame({"i": pd.array([1, None], dtype="Int64"), "s": pd.array(["a", None], dtype="string")})
    yield "boolean", pd.Series(pd.array([True, None], dtype="boolean"))
    yield "timestamps", [pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-01", tz="UTC"), pd.Timedelta("3h"), pd.NaT]
    yield "tz-series", pd.Series(pd.date_range("2020-01-01", periods=2, tz="Europe/Berlin"))
    yield "periods", [pd.Period("2020-01", freq="M"), pd.period_range("2020-01", periods=3, freq="M")]
    yield "intervals", [pd.Interval(0, 1), pd.interval_range(0, 3)]
    yield "timedeltaindex", pd.to_timedelta(["1D", "2D"])
    yield "rangeindex", pd.RangeIndex(5)
    yield "sparse", pd.Series(pd.arrays.SparseArray([0, 0, 1]))
    yield "offsets", [pd.offsets.Day(2), pd.offsets.MonthEnd(), pd.offsets.BusinessDay(), pd.offsets.Hour(3)]
    yield "objects", pd.DataFrame({"o": [[1], {"a": 2}, None]})
    yield "wide", pd.DataFrame(np.arange(60).reshape(3, 20), columns=["c%d" % i for i in range(20)])
    yield "dtypes", [pd.CategoricalDtype(["a", "b"]), pd.DatetimeTZDtype(tz="UTC"), pd.PeriodDtype("D")]


def samples(w):
    try:
        import numpy as np
    except ImportError:
        raise Missing("numpy")
    np.random.seed(5)
    for lib, gen in (("numpy", numpy_objects), ("scipy", scipy_objects), ("pandas", pandas_objects)):
        try:
            for i, (name, obj) in enumerate(gen(np)):
                for p in ((2, TOP) if i % 3 else (0, 2, TOP)):
                    try:
                        data = pickle.dumps(obj, p)
                    except Exception as e:
                        w.skip("%s %s protocol %d" % (lib, name, p), repr(e)[:100])
                        continue
                    w.add(lib, "%s-%s-p%d" % (lib, name, p), "object.pkl", data, lib + "-pickle", "%s protocol %d" % (lib, p))
        except ImportError as e:
            w.skip(lib, str(e))
    try:
        import networkx as nx
        for name, g in (("graph", nx.path_graph(4)), ("digraph", nx.DiGraph([(1, 2), (2, 3)])), ("multi", nx.MultiGraph([(1, 2), (1, 2)]))):
            w.add("others", "networkx-" + name, "graph.pkl", pickle.dumps(g), "networkx-pickle", "")
    except ImportError as e:
        w.skip("networkx", str(e))
    try:
        import dill
        for name, obj in (("dict", {"a": [1, 2]}), ("array", np.arange(4)), ("od", __import__("collections").OrderedDict(a=1)), ("range", range(4))):
            w.add("others", "dill-" + name, "object.dill", dill.dumps(obj), "dill-data", "data only")
    except ImportError as e:
        w.skip("dill", str(e))
    try:
        import cloudpickle
        for name, obj in (("dict", {"a": [1, 2]}), ("array", np.arange(4)), ("set", {1, 2}), ("function-of-library", np.mean)):
            w.add("others", "cloudpickle-" + name, "object.pkl", cloudpickle.dumps(obj), "cloudpickle-data", "data only")
    except ImportError as e:
        w.skip("cloudpickle", str(e))
    a = np.arange(20, dtype="f4").reshape(4, 5)
    w.add("npy", "npy-float", "a.npy", lambda p: np.save(p, a), "npy", "")
    w.add("npy", "npy-fortran", "a.npy", lambda p: np.save(p, np.asfortranarray(a)), "npy", "")
    w.add("npy", "npy-object", "a.npy", lambda p: np.save(p, np.array([1, "a", None], dtype=object), allow_pickle=True), "npy-object", "plain objects")
    w.add("npy", "npy-struct", "a.npy", lambda p: np.save(p, np.zeros(3, dtype=[("x", "i4"), ("y", "U3")])), "npy", "")
    w.add("npy", "npz", "a.npz", lambda p: np.savez(p, a=a, b=a[0]), "npz", "")
    w.add("npy", "npz-compressed", "a.npz", lambda p: np.savez_compressed(p, a=a, b=a[0]), "npz", "")
    w.add("npy", "npz-object", "a.npz", lambda p: np.savez(p, o=np.array([{"a": 1}], dtype=object)), "npz-object", "plain objects")
    w.add("npy", "npy-string", "a.npy", lambda p: np.save(p, np.array(["import os", "os.system('x')"])), "npy", "decoy texts")
