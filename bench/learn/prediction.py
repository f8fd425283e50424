# Predicts with onnxruntime, one thread, and prints the processor time of one run after a warm one, in ms: folder, number of rows.
import sys, time
from pathlib import Path

import numpy as np
import onnxruntime as ort

folder, rows = Path(sys.argv[1]), int(sys.argv[2])
options = ort.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = ort.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
X = np.ascontiguousarray(np.fromfile(folder / "rows.f64").reshape(-1, rows).T)
feed = {session.get_inputs()[0].name: X}
session.run(None, feed)
start = time.process_time()
session.run(None, feed)
print((time.process_time() - start) * 1e3)
