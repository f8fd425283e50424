# Trains the models (JSON and text under names that no formatter touches) that the import tests read, from seeded data, with their own libraries' predictions beside them.
#
#   pip install lightgbm==4.7.0 xgboost==3.2.0 pandas && python make.py
import json
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import xgboost as xgb

here = Path(__file__).parent
rng = np.random.default_rng(7)
n, kept = 1200, 150
x = rng.normal(size=(n, 2))
x[rng.random(n) < 0.1, 0] = np.nan
small = rng.normal(size=n).round(1)
code = rng.integers(0, 40, size=n).astype(float)
code[rng.random(n) < 0.1] = np.nan
X = np.column_stack([x, small, code])
signal = np.nan_to_num(x[:, 0], nan=0.7) + x[:, 1] * small + np.nan_to_num(np.sin(code * 2), nan=0.3) * 1.5
noise = rng.normal(size=n)
binary = (signal + noise > 0).astype(int)
three = np.digitize(signal + 0.5 * noise, [-0.8, 0.8])
number = 10 * signal + noise
counts = rng.poisson(np.exp(0.5 * signal))
names = ["a", "b", "rounded", "code"]
towns = ["Aarau", "Bern", "Chur", "Genève"]
town = pd.Series(pd.Categorical([towns[int(i)] for i in rng.integers(0, 4, size=n)], categories=towns)).where(pd.Series(rng.random(n) > 0.1))
frame = pd.DataFrame({"a": x[:, 0], "town": town})
with_towns = (signal + 2 * (frame.town == "Bern").to_numpy() - (frame.town == "Genève").to_numpy() > 0).astype(int)


def plain(array):
    return [[None if isinstance(v, float) and np.isnan(v) else v for v in row] for row in array]


def write(name, predicted, columns, rows):
    predicted = np.asarray(predicted, dtype=np.float64)[:kept]
    (here / f"{name}.expected").write_text(json.dumps({"columns": columns, "rows": rows, "predicted": predicted.tolist()}) + "\n")


base = {"num_leaves": 12, "min_data_in_leaf": 10, "min_data_per_group": 5, "cat_smooth": 1, "max_cat_to_onehot": 1, "num_threads": 1, "seed": 1, "deterministic": True, "verbose": -1}
for name, label, more in [
    ("binary", binary, {"objective": "binary", "sigmoid": 1.5}),
    ("multiclass", three, {"objective": "multiclass", "num_class": 3}),
    ("regression", number, {"objective": "regression"}),
    ("poisson", counts, {"objective": "poisson"}),
    ("forest", binary, {"objective": "binary", "boosting": "rf", "bagging_fraction": 0.6, "bagging_freq": 1}),
]:
    model = lgb.train({**base, **more}, lgb.Dataset(X, label, categorical_feature=[3], feature_name=names), 4)
    model.save_model(here / f"lightgbm-{name}.model")
    write(f"lightgbm-{name}", model.predict(X), names, plain(X[:kept].tolist()))
# No missing value in training: LightGBM then takes one for 0.
full = np.nan_to_num(X[:, :3], nan=0.7)
model = lgb.train({**base, "objective": "regression"}, lgb.Dataset(full, number, feature_name=names[:3]), 4)
model.save_model(here / "lightgbm-never-missing.model")
write("lightgbm-never-missing", model.predict(X[:, :3]), names[:3], plain(X[:kept, :3].tolist()))
model = lgb.train({**base, "objective": "binary"}, lgb.Dataset(frame, with_towns), 4)
model.save_model(here / "lightgbm-pandas.model")
frame_rows = [[None if pd.isna(a) else a, None if pd.isna(t) else t] for a, t in frame.head(kept).itertuples(index=False)]
write("lightgbm-pandas", model.predict(frame), ["a", "town"], frame_rows)

kinds = ["q", "q", "q", "c"]
base = {"max_depth": 4, "nthread": 1, "seed": 1, "max_cat_to_onehot": 4}
data = lambda label: xgb.DMatrix(X, label, feature_names=names, feature_types=kinds, enable_categorical=True)
for name, label, more in [
    ("binary", binary, {"objective": "binary:logistic"}),
    ("multiclass", three, {"objective": "multi:softprob", "num_class": 3}),
    ("regression", number, {"objective": "reg:squarederror"}),
    ("poisson", counts, {"objective": "count:poisson"}),
    ("dart", binary, {"objective": "binary:logistic", "booster": "dart", "rate_drop": 0.5}),
    ("forest", three, {"objective": "multi:softprob", "num_class": 3, "num_parallel_tree": 2, "subsample": 0.6}),
]:
    model = xgb.train({**base, **more}, data(label), 4)
    (here / f"xgboost-{name}.model").write_bytes(model.save_raw("json"))
    write(f"xgboost-{name}", model.predict(data(label)), names, plain(X[:kept].tolist()))
model = xgb.train({**base, "objective": "binary:logistic"}, xgb.DMatrix(frame, with_towns, enable_categorical=True), 4)
(here / "xgboost-pandas.model").write_bytes(model.save_raw("json"))
write("xgboost-pandas", model.predict(xgb.DMatrix(frame, enable_categorical=True)), ["a", "town"], frame_rows)
