# The training server in a container. From the root of the repository:
#   docker build -f contrib/docker/orchestrator.Dockerfile -t training-server .
#   docker run --init --gpus all --shm-size 16g -p 127.0.0.1:8090:8090 \
#       -v training-data:/data -v training-cache:/cache training-server
#   docker exec CONTAINER python3 -m training_manager_ros.orchestrator --data-dir /data keys create NAME
# For ACT on GPUs, build on an image that has CUDA and PyTorch: --build-arg BASE=…
ARG BASE=python:3.12-slim
FROM ${BASE}

RUN apt-get update \
    && apt-get install -y --no-install-recommends git openssh-client ca-certificates \
    && rm -rf /var/lib/apt/lists/*

# The server needs no ROS, so it is run from its source with its own few libraries. An image that
# marks its Python as managed by the system needs the flag; others do not mind it.
ENV PIP_BREAK_SYSTEM_PACKAGES=1
RUN python3 -m pip install --no-cache-dir \
    "h5py>=3.6" "httpx>=0.22" "numpy>=1.21" "platformdirs>=2.5" "pyarrow>=8" "tornado>=6.1" \
    "tomli>=1.1; python_version < '3.11'" "boto3>=1.36"

RUN useradd --create-home trainer \
    && mkdir /data /cache && chown trainer: /data /cache && chmod 0700 /data
COPY training_manager_ros /app/training_manager_ros
ENV PYTHONPATH=/app TORCH_HOME=/cache/torch HF_HOME=/cache/huggingface XDG_CACHE_HOME=/cache
USER trainer
WORKDIR /home/trainer
VOLUME ["/data", "/cache"]
EXPOSE 8090
# 0.0.0.0 inside the container; who can reach it is decided by -p above
CMD ["python3", "-m", "training_manager_ros.orchestrator", \
     "--host", "0.0.0.0", "--port", "8090", "--data-dir", "/data"]
