#!/bin/sh
# A virtual environment that serves a market and does nothing else: install_serving.sh FOLDER, in the checkout.
# Reading tables (polars) and training are for the other image.
set -eu
"${PYTHON:-python3}" -m venv --without-pip "$1"
python3 -m pip --python "$1/bin/python" install --quiet --disable-pip-version-check --no-compile --prefer-binary \
  --constraint requirements.lock ".[postgres,s3,trace]"
python3 -m pip --python "$1/bin/python" uninstall --quiet --yes polars polars-runtime-32 huggingface-hub hf-xet
packages=$("$1/bin/python" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
# Of OpenVINO: what runs ONNX on a processor. Graphics cards and other formats are 80 MB.
cd "$packages/openvino/libs"
rm -f cache.json libopenvino_intel_gpu_plugin.so libopenvino_intel_npu_plugin.so \
  libopenvino_tensorflow_frontend.so* libopenvino_tensorflow_lite_frontend.so* libopenvino_pytorch_frontend.so* \
  libopenvino_paddle_frontend.so* libopenvino_gguf_frontend.so* libopenvino_jax_frontend.so*
rm -rf "$packages/openvino/include"
# Of the services of Amazon: photos, and who may read them.
find "$packages/botocore/data" -mindepth 1 -maxdepth 1 -type d \
  ! -name s3 ! -name sts ! -name sso ! -name sso-oidc -exec rm -rf {} +
find "$packages/numpy" "$packages/scipy" "$packages/pywt" "$packages/faiss" -type d -name tests -prune -exec rm -rf {} +
# The file system is read-only later, so nothing could be compiled then. Templates among the packages are no Python.
"$1/bin/python" -m compileall -q -j 0 "$packages" >/dev/null || true
