FROM node:24-slim AS page

WORKDIR /home/oi/program
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY scripts/front.mjs scripts/
COPY app/web/front app/web/front
RUN node scripts/front.mjs
# what the program is made of, without what the page was made of
COPY app app
RUN rm -r app/web/front

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
# libraries bring their own tests: 52 MB of 412, and more once they are compiled
RUN pip install --no-cache-dir --require-hashes --requirement requirements.lock \
    && find /usr/local/lib/python3.13/site-packages -type d -name tests -prune -exec rm -r {} +

COPY alembic.ini .
COPY alembic alembic
COPY db db
COPY --from=page /home/oi/program/app app
RUN python -m compileall -q db app

USER oi
