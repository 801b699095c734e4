FROM node:24-slim AS page

WORKDIR /home/oi/program
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY scripts/front.mjs scripts/
COPY app/web/front app/web/front
RUN node scripts/front.mjs

FROM python:3.13-slim

# LightGBM's library is linked to OpenMP
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home oi \
    && install --directory --owner=oi --group=oi /home/oi/data

WORKDIR /home/oi/program
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1

COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes --requirement requirements.lock

COPY alembic.ini .
COPY alembic alembic
COPY db db
COPY app app
COPY --from=page /home/oi/program/app/web/dist app/web/dist
RUN python -m compileall -q db app

USER oi
