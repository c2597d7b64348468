"""Benign samples of scikit-learn, joblib, lightgbm, xgboost, catboost, statsmodels and hmmlearn."""
import pickle

from benign import Missing

TOP = pickle.HIGHEST_PROTOCOL
SKIP = set("MultiTaskElasticNetCV MultiTaskLassoCV GraphicalLassoCV LassoLarsIC SequentialFeatureSelector RFECV "
           "SelfTrainingClassifier MetaEstimatorMixin FrozenEstimator TSNE".split())


def sklearn_samples(w, np):
    import sklearn
    from sklearn.utils import all_estimators
    rng = np.random.RandomState(0)
    x = np.abs(rng.rand(40, 4)) + 0.05
    y = (x[:, 0] + x[:, 1] > 1.1).astype(int)
    yr = x @ np.array([1.0, 2.0, -1.0, 0.5]) + 0.01 * rng.rand(40)
    small = {"n_estimators": 3, "max_iter": 20, "n_iter": 3, "max_depth": 3, "n_init": 1, "random_state": 0, "cv": 2}
    for name, cls in all_estimators():
        if name in SKIP:
            continue
        try:
            est = cls()
        except Exception:
            from sklearn.linear_model import LogisticRegression, Ridge
            try:
                if name in ("ColumnTransformer", "FeatureUnion", "Pipeline", "SparseCoder", "GridSearchCV",
                            "RandomizedSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV"):
                    continue
                if name.startswith(("Voting", "Stacking")):
                    est = cls([("a", LogisticRegression() if "Class" in name else Ridge())])
                else:
                    est = cls(Ridge() if "Regress" in name else LogisticRegression())
            except Exception as e:
                w.skip("sklearn " + name, repr(e)[:80])
                continue
        try:
            params = est.get_params(deep=False)
            est.set_params(**{k: v for k, v in small.items() if k in params})
            target = yr if getattr(est, "_estimator_type", "") == "regressor" or name.endswith(("Regressor", "Regression")) and "Logistic" not in name else y
            try:
                est.fit(x, target)
            except Exception:
                est = est.__class__(**est.get_params(deep=False))
            data = pickle.dumps(est, 4)
        except Exception as e:
            w.skip("sklearn " + name, repr(e)[:80])
            continue
        if len(data) > 400000:
            continue
        w.add("sklearn", "sk-" + name.lower(), "model.pkl", data, "sklearn-estimator", "scikit-learn " + sklearn.__version__)
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
    from sklearn.feature_selection import SelectKBest, f_classif
    from sklearn.linear_model import LogisticRegression, SGDClassifier
    from sklearn.metrics import f1_score, make_scorer
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler
    from sklearn.gaussian_process import GaussianProcessRegressor, kernels
    texts = ["the system can open", "eval and exec the plan", "import os please", "subprocess of the board"] * 3
    labels = [0, 1, 0, 1] * 3
    more = {
        "pipeline": make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y),
        "columntransformer": ColumnTransformer([("s", StandardScaler(), [0, 1])], remainder="passthrough").fit(x, y),
        "union": FeatureUnion([("a", StandardScaler()), ("k", SelectKBest(f_classif, k=2))]).fit(x, y),
        "grid": GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}, cv=StratifiedKFold(2), scoring=make_scorer(f1_score)).fit(x, y),
        "function-transformer": make_pipeline(FunctionTransformer(np.log1p), LogisticRegression()).fit(x, y),
        "text-pipeline": Pipeline([("t", TfidfVectorizer()), ("nb", MultinomialNB())]).fit(texts, labels),
        "count": CountVectorizer(ngram_range=(1, 2)).fit(texts),
        "hashing": HashingVectorizer(n_features=16).fit(texts),
        "knn-kdtree": KNeighborsClassifier(algorithm="kd_tree").fit(x, y),
        "knn-balltree": KNeighborsClassifier(algorithm="ball_tree").fit(x, y),
        "forest": RandomForestClassifier(4, random_state=0).fit(x, y),
        "gp": GaussianProcessRegressor(kernels.RBF() + kernels.WhiteKernel()).fit(x, yr),
    }
    for loss in ("hinge", "modified_huber", "squared_hinge", "perceptron", "huber", "epsilon_insensitive"):
        more["sgd-" + loss] = SGDClassifier(loss=loss, random_state=0).fit(x, y)
    for name, m in more.items():
        for p in (2, 5) if TOP >= 5 else (2,):
            w.add("sklearn", "sk-%s-p%d" % (name, p), "model.pkl", pickle.dumps(m, p), "sklearn-composite", "scikit-learn " + sklearn.__version__)
    return more


def joblib_samples(w, np, more):
    import joblib
    try:
        import lz4.frame  # noqa: F401
        lz4_here = True
    except ImportError as e:
        w.skip("joblib lz4", str(e))
        lz4_here = False
    objs = {"arrays": {"a": np.arange(30.0).reshape(5, 6), "b": np.arange(5)}, "list": [1, "a", {"k": None}],
            "object-array": np.array([1, "x", None], dtype=object)}
    for n in ("pipeline", "forest", "knn-kdtree", "text-pipeline"):
        if n in (more or {}):
            objs[n] = more[n]
    for comp, ext in ((0, ""), (("zlib", 3), ".z"), (("gzip", 3), ".gz"), (("bz2", 3), ".bz2"), (("xz", 3), ".xz"),
                      (("lzma", 3), ".lzma"), (("lz4", 3), ".lz4")):
        for n, o in objs.items():
            if comp and (n == "knn-kdtree" or comp[0] == "lz4" and not lz4_here):
                continue
            label = comp[0] if comp else "plain"
            w.add("joblib", "jl-%s-%s" % (n, label), "model.joblib" + ext, lambda p, o=o, c=comp: joblib.dump(o, p, compress=c) and None,
                  "joblib-" + label, "joblib " + joblib.__version__)


def boosting_samples(w, np):
    rng = np.random.RandomState(1)
    x = rng.rand(60, 4)
    y = (x[:, 0] > 0.5).astype(int)
    try:
        import lightgbm as lgb
        b = lgb.train({"objective": "binary", "verbose": -1, "num_leaves": 4, "min_data_in_leaf": 2, "deterministic": True, "num_threads": 1},
                      lgb.Dataset(x, y), 3)
        w.add("boosting", "lgb-booster", "model.pkl", pickle.dumps(b), "lightgbm-pickle", lgb.__version__)
        w.add("boosting", "lgb-text", "model.txt", b.model_to_string(), "lightgbm-text", lgb.__version__)
        for c in (lgb.LGBMClassifier, lgb.LGBMRegressor):
            w.add("boosting", c.__name__.lower(), "model.pkl", pickle.dumps(c(n_estimators=3, verbose=-1, n_jobs=1).fit(x, y)), "lightgbm-sklearn", lgb.__version__)
    except ImportError as e:
        w.skip("lightgbm", str(e))
    try:
        import xgboost as xgb
        b = xgb.train({"max_depth": 2, "nthread": 1}, xgb.DMatrix(x, y), 3)
        w.add("boosting", "xgb-booster", "model.pkl", pickle.dumps(b), "xgboost-pickle", xgb.__version__)
        w.add("boosting", "xgb-json", "model.json", lambda p: b.save_model(p), "xgboost-json", xgb.__version__)
        w.add("boosting", "xgb-ubj", "model.ubj", lambda p: b.save_model(p), "xgboost-ubj", xgb.__version__)
        for c in (xgb.XGBClassifier, xgb.XGBRegressor, xgb.XGBRFClassifier):
            w.add("boosting", c.__name__.lower(), "model.pkl", pickle.dumps(c(n_estimators=3, n_jobs=1).fit(x, y)), "xgboost-sklearn", xgb.__version__)
    except ImportError as e:
        w.skip("xgboost", str(e))
    try:
        import catboost as cb
        for c in (cb.CatBoostClassifier, cb.CatBoostRegressor):
            m = c(iterations=3, verbose=False, allow_writing_files=False, thread_count=1, random_seed=0).fit(x, y)
            w.add("boosting", c.__name__.lower(), "model.pkl", pickle.dumps(m), "catboost-pickle", cb.__version__)
        w.add("boosting", "catboost-cbm", "model.cbm", lambda p: m.save_model(p), "catboost-cbm", cb.__version__)
    except ImportError as e:
        w.skip("catboost", str(e))


def statsmodels_samples(w, np):
    import statsmodels
    import statsmodels.api as sm
    from statsmodels.tsa.arima.model import ARIMA
    from statsmodels.tsa.holtwinters import ExponentialSmoothing
    rng = np.random.RandomState(2)
    x = sm.add_constant(rng.rand(30, 2))
    y = x @ [1.0, 2.0, 3.0] + 0.1 * rng.rand(30)
    models = {
        "ols": lambda: sm.OLS(y, x).fit(), "wls": lambda: sm.WLS(y, x).fit(), "glm": lambda: sm.GLM(y, x).fit(),
        "logit": lambda: sm.Logit((y > y.mean()).astype(int), x).fit(disp=0), "rlm": lambda: sm.RLM(y, x).fit(),
        "poisson": lambda: sm.Poisson(np.arange(30) % 4, x).fit(disp=0),
        "arima": lambda: ARIMA(y, order=(1, 0, 0)).fit(), "holt": lambda: ExponentialSmoothing(y + 1, trend="add").fit(),
        "sarimax": lambda: sm.tsa.SARIMAX(y, order=(1, 0, 0)).fit(disp=0), "autoreg": lambda: sm.tsa.AutoReg(y, 1).fit(),
        "quantreg": lambda: sm.QuantReg(y, x).fit(),
    }
    for name, make in models.items():
        try:
            data = pickle.dumps(make(), 4)
        except Exception as e:
            w.skip("statsmodels " + name, repr(e)[:80])
            continue
        w.add("statsmodels", "sm-" + name, "result.pkl", data, "statsmodels-result", statsmodels.__version__)
    try:
        from hmmlearn import hmm
        m = hmm.GaussianHMM(2, n_iter=2, random_state=0).fit(rng.rand(30, 2))
        w.add("others", "hmm-gaussian", "model.pkl", pickle.dumps(m), "hmmlearn-pickle", "")
    except ImportError as e:
        w.skip("hmmlearn", str(e))


def samples(w):
    try:
        import numpy as np
    except ImportError:
        raise Missing("numpy")
    more = None
    for name, fn in (("sklearn", lambda: sklearn_samples(w, np)), ("joblib", lambda: joblib_samples(w, np, more)),
                     ("boosting", lambda: boosting_samples(w, np)), ("statsmodels", lambda: statsmodels_samples(w, np))):
        try:
            r = fn()
            more = more or r
        except ImportError as e:
            w.skip(name, str(e))
