# The prediction function as a container image: a release, and scikit-learn underneath it.
# For models that have no exported form; docs/how-to/serve-from-a-container.md has the commands.
#
# Lambda takes an image for one architecture, without attestations beside it:
#   docker buildx build --platform linux/arm64 --provenance=false --sbom=false ...
ARG BASE=public.ecr.aws/lambda/python:3.13

FROM ${BASE} AS build
COPY requirements.txt inference/container_lock.py /build/
# Wheels only, the lock's versions, the lock's hashes: nothing is built and nothing else comes in.
RUN python /build/container_lock.py /build/requirements.txt > /build/locked.txt \
    && python -m pip install --no-cache-dir --no-compile --no-deps --only-binary :all: \
        --require-hashes --requirement /build/locked.txt --target /package
COPY build/release/release.zip /build/
# Lambda's disk is read-only: an interpreter cannot keep what it compiles there, and would compile
# at every cold start, which then takes more than twice as long.
RUN python -m zipfile --extract /build/release.zip /package \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /package

FROM ${BASE}
COPY --from=build /package ${LAMBDA_TASK_ROOT}
CMD ["handler.handle"]
