"""The Open Inference Protocol as NVIDIA's own client (tritonclient) speaks it, against a served examples/rain."""

import sys

import numpy as np
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

client = http.InferenceServerClient(sys.argv[1])
assert client.is_server_live() and client.is_server_ready()
assert client.is_model_ready("rain") and not client.is_model_ready("snow")
assert client.get_server_metadata()["name"] == "pentad"
metadata = client.get_model_metadata("rain")
assert {"name": "precipitation", "datatype": "FP64", "shape": [-1]} in metadata["inputs"]


def tensor(name, datatype, values):
    given = http.InferInput(name, [len(values)], datatype)
    given.set_data_from_numpy(np.array(values, dtype=object if datatype == "BYTES" else None), binary_data=False)
    return given


def output(name):
    return http.InferRequestedOutput(name, binary_data=False)


inputs = [tensor("precipitation", "FP64", [0.0, 20.0]), tensor("weather", "BYTES", [b"sun", b"rain"])]
reply = client.infer("rain", inputs, outputs=[output("probabilities"), output("prediction")], request_id="mine")
probabilities = reply.as_numpy("probabilities")
assert probabilities.shape == (2, 2) and np.allclose(probabilities.sum(axis=1), 1)
assert probabilities[1, 1] > probabilities[0, 1], "rain today makes rain tomorrow likelier"
assert reply.as_numpy("prediction").tolist() == (probabilities[:, 1] >= 0.5).tolist()
assert reply.get_response()["id"] == "mine"

for wrong in ({"outputs": [output("nope")]}, {"outputs": [http.InferRequestedOutput("prediction", binary_data=True)]}):
    try:
        client.infer("rain", inputs, **wrong)
    except InferenceServerException as error:
        assert error.status() == "400", error
    else:
        raise AssertionError(f"expected {wrong} to be refused")
print("tritonclient: passed")
