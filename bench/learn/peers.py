# Fits a peer on jobs (a JSON array as the first argument) and prints what each took and how good it is, one line of JSON per job.
import json, resource, sys, time

import numpy as np


def measure(job):
    task, peer, threads, seed = job["task"], job["peer"], job["threads"], job["seed"]
    n, columns, categories = job["rows"], job["columns"], job["categories"]
    raw = np.fromfile(job["file"], dtype=np.float64)
    X = np.ascontiguousarray(raw[: n * len(columns)].reshape(len(columns), n).T)
    y = raw[n * len(columns) :]
    train = np.fromfile(job["train"], dtype=np.int32)
    test = np.fromfile(job["test"], dtype=np.int32)
    is_category = [name in categories for name in columns]
    Xa, ya, Xb, yb = X[train], y[train], X[test], y[test]
    same = job["settings"]  # None: the peer's own defaults
    warm = job["warmRows"]


    def lightgbm():
        import lightgbm as lgb

        params = {"num_threads": threads, "verbose": -1, "seed": seed}
        params |= {"binary": {"objective": "binary"}, "multiclass": {"objective": "multiclass", "num_class": int(y.max()) + 1}, "regression": {"objective": "regression"}}[task]
        if same:
            params |= {"num_leaves": same["leaves"], "learning_rate": same["learningRate"], "min_data_in_leaf": same["minRowsInLeaf"], "max_bin": 255, "lambda_l2": same["l2"]}
        # By default LightGBM joins values until a bin holds three rows; nobody else does, so at the same settings it does not either.
        more = {"min_data_in_bin": 1} if same else {}
        data = lgb.Dataset(Xa, ya, categorical_feature=[i for i, c in enumerate(is_category) if c] or "auto", params={"max_bin": 255, "num_threads": threads, "verbose": -1, **more})
        model = lgb.train(params, data, same["trees"] if same else 100)
        return lambda: model.predict(Xb)


    def xgboost():
        import xgboost as xgb

        params = {"nthread": threads, "verbosity": 0, "seed": seed, "tree_method": "hist"}
        params |= {"binary": {"objective": "binary:logistic"}, "multiclass": {"objective": "multi:softprob", "num_class": int(y.max()) + 1}, "regression": {}}[task]
        if same:
            params |= {"grow_policy": "lossguide", "max_leaves": same["leaves"], "max_depth": 0, "eta": same["learningRate"], "max_bin": 256, "lambda": same["l2"], "min_child_weight": 1e-3 if task != "regression" else same["minRowsInLeaf"]}
        kinds = ["c" if c else "q" for c in is_category]
        data = xgb.QuantileDMatrix(Xa, ya, feature_types=kinds, enable_categorical=True, nthread=threads)
        model = xgb.train(params, data, same["trees"] if same else 100)
        return lambda: model.predict(xgb.DMatrix(Xb, feature_types=kinds, enable_categorical=True))


    def probabilities(model):
        if task == "regression":
            return lambda: model.predict(Xb)
        if task == "binary":
            return lambda: model.predict_proba(Xb)[:, 1]
        return lambda: model.predict_proba(Xb)


    def histgradientboosting():
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        options = {"random_state": seed, "categorical_features": is_category if any(is_category) else None}
        if same:
            options |= {"max_iter": same["trees"], "max_leaf_nodes": same["leaves"], "learning_rate": same["learningRate"], "min_samples_leaf": same["minRowsInLeaf"], "l2_regularization": same["l2"], "early_stopping": False}
        kind = HistGradientBoostingRegressor if task == "regression" else HistGradientBoostingClassifier
        return probabilities(kind(**options).fit(Xa, ya))


    def randomforest():
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

        kind = RandomForestRegressor if task == "regression" else RandomForestClassifier
        return probabilities(kind(random_state=seed, n_jobs=threads).fit(Xa, ya))


    def linear():
        from sklearn.linear_model import LogisticRegression, Ridge
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        model = Ridge(1.0) if task == "regression" else LogisticRegression(C=1.0, max_iter=1000)
        return probabilities(make_pipeline(StandardScaler(), model).fit(Xa, ya))


    def quality(predicted):
        from sklearn.metrics import log_loss, mean_squared_error, roc_auc_score

        if task == "binary":
            return roc_auc_score(yb, predicted)
        if task == "multiclass":
            return log_loss(yb, predicted, labels=np.arange(int(y.max()) + 1))
        return mean_squared_error(yb, predicted) ** 0.5


    try:
        fit = {"LightGBM": lightgbm, "XGBoost": xgboost, "HistGradientBoosting": histgradientboosting, "RandomForest": randomforest, "scikit-learn linear": linear}[peer]
        if warm:
            keep = Xa, ya
            Xa, ya = Xa[:warm], ya[:warm]
            fit()
            Xa, ya = keep
        start, cpu = time.perf_counter(), time.process_time()
        predict = fit()
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
        print(json.dumps({"fitMs": seconds * 1e3, "cpuMs": cpu_seconds * 1e3, "quality": quality(predict()), "rssMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
    except ImportError as error:
        print(json.dumps({"missing": str(error)}))


for one in json.loads(sys.argv[1]):
    measure(one)
