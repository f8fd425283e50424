# A Feast repository in the given folder with the bench's features in its SQLite online store, and a push source beside them.

import sys
from datetime import datetime, timedelta, timezone

import pandas
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, PushSource, ValueType
from feast.types import Float64, Int64, String

folder, entities, features = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
now = datetime.now(timezone.utc)
with open(f"{folder}/feature_store.yaml", "w") as file:
    file.write(
        "project: bench\nprovider: local\nregistry: registry.db\nentity_key_serialization_version: 3\n"
        "online_store:\n  type: sqlite\n  path: online.db\noffline_store:\n  type: file\n"
    )

columns = {
    f"feature_{feature}": [1 + ((entity + 1) * 2654435761 + feature * 40503) % 9999 for entity in range(entities)]
    for feature in range(features)
}
table = pandas.DataFrame({"entity": range(entities), "at": now - timedelta(minutes=5), **columns})
table.to_parquet(f"{folder}/features.parquet")
entity = Entity(name="entity", join_keys=["entity"], value_type=ValueType.INT64)
source = FileSource(path=f"{folder}/features.parquet", timestamp_field="at")
wide = FeatureView(
    name="wide", entities=[entity], ttl=timedelta(days=1), source=source, schema=[Field(name=name, dtype=Int64) for name in columns]
)

values = [f"value_{value}" for value in range(9)]
first = {"customer": ["c0"], "at": [now], **{name: [0.0] for name in values}, "channel": ["web"]}
pandas.DataFrame(first).to_parquet(f"{folder}/orders.parquet")
customer = Entity(name="customer", join_keys=["customer"], value_type=ValueType.STRING)
push = PushSource(name="orders_push", batch_source=FileSource(path=f"{folder}/orders.parquet", timestamp_field="at"))
orders = FeatureView(
    name="orders",
    entities=[customer],
    ttl=timedelta(days=1),
    source=push,
    schema=[Field(name=name, dtype=Float64) for name in values] + [Field(name="channel", dtype=String)],
)

store = FeatureStore(repo_path=folder)
store.apply([entity, customer, wide, push, orders])
store.materialize(now - timedelta(days=1), now, feature_views=["wide"])
