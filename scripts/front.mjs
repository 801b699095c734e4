// Builds app/web/front into app/web/dist: bundled, minified, named by content, packed beforehand.

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const FRONT = join(ROOT, "app/web/front");
const DIST = join(ROOT, "app/web/dist");
const SOURCES = /\.(css|js|svg)$/;
// page modules share chunks; what stands within the page itself is one plain script
const MODULES = ["main.js"];
// of a page of its own: to share chunks with it would cost the dashboard requests
const LONE = ["monitoring/main.js"];
const INLINE = ["core/theme.js", "first.js", "login.js"];
const SMALLEST_BYTES = 200;

const maps = process.argv.includes("--maps") ? "linked" : false;
const posix = (path) => path.split(sep).join("/");

const names = (await readdir(FRONT, { recursive: true })).map(posix).filter((name) => SOURCES.test(name)).sort();

// app/web/assets.py tells by the same digest whether the sources have changed since
async function digestOfSources() {
  const digest = createHash("sha256");
  for (const name of names) digest.update(`${name}\0`).update(await readFile(join(FRONT, name))).update("\0");
  return digest.digest("hex");
}

const shared = {
  absWorkingDir: ROOT,
  bundle: true,
  entryNames: "[dir]/[name]-[hash]",
  chunkNames: "chunks/[name]-[hash]",
  assetNames: "[dir]/[name]-[hash]",
  loader: { ".svg": "copy" },
  logLevel: "warning",
  metafile: true,
  minify: true,
  outbase: FRONT,
  outdir: DIST,
  sourcemap: maps,
  target: "es2022",
  write: false,
};
// What a page module shares with those it loads later stands in one file, not in one for each set of them that
// shares it: each later one is let import all that any shares, which is there by then.
async function sharing() {
  const { metafile: { inputs } } = await build({ ...shared, entryPoints: pathsOf(MODULES), format: "esm", splitting: true });
  const kinds = (path, kind) => inputs[path].imports.filter((one) => one.kind === kind).map((one) => one.path);
  const closure = (path, found = new Set()) => {
    for (const next of kinds(path, "import-statement")) if (!found.has(next)) closure(next, found.add(next));
    return found;
  };
  const later = new Set(Object.keys(inputs).flatMap((path) => kinds(path, "dynamic-import")));
  const wanted = new Set([...later].flatMap((path) => [...closure(path)]));
  const common = MODULES.flatMap((name) => [...closure(posix(relative(ROOT, join(FRONT, name))))]).filter((path) => wanted.has(path));
  const imports = common.map((path) => `import ${JSON.stringify(join(ROOT, path))};`).join("");
  return {
    name: "sharing",
    setup({ onLoad }) {
      onLoad({ filter: /\.js$/ }, async ({ path }) => (later.has(posix(relative(ROOT, path)))
        ? { contents: `${imports}\n${await readFile(path, "utf8")}`, loader: "js" }
        : undefined));
    },
  };
}
const pathsOf = (wanted) => wanted.map((name) => join(FRONT, name));
const sheets = names.filter((name) => /\.(css|svg)$/.test(name));

const results = await Promise.all([
  build({ ...shared, entryPoints: pathsOf([...MODULES, ...sheets]), format: "esm", splitting: true, plugins: [await sharing()] }),
  build({ ...shared, entryPoints: pathsOf(LONE), format: "esm" }),
  build({ ...shared, entryPoints: pathsOf(INLINE), format: "iife" }),
]);

const outputs = Object.assign({}, ...results.map(({ metafile }) => metafile.outputs));
const inDist = (path) => posix(relative(DIST, resolve(ROOT, path)));
const inFront = (path) => posix(relative(FRONT, resolve(ROOT, path)));

// what a module needs at once, however deep
function needs(path, found = new Set()) {
  for (const { path: next, kind } of outputs[path].imports) {
    if (kind !== "import-statement" || found.has(next)) continue;
    found.add(next);
    needs(next, found);
  }
  return found;
}

const files = {};
const preload = {};
for (const [path, { entryPoint, inputs }] of Object.entries(outputs)) {
  const source = entryPoint ?? (path.endsWith(".svg") ? Object.keys(inputs)[0] : undefined);
  if (source === undefined || path.endsWith(".map")) continue;
  files[inFront(source)] = inDist(path);
  if (MODULES.includes(inFront(source))) preload[inFront(source)] = [...needs(path)].map(inDist);
}

const PACKERS = {
  br: (body) => brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: body.length } }),
  gz: (body) => gzipSync(body, { level: 9 }),
};

async function keep(path, body) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, body);
}

const version = createHash("sha256");
const kept = new Set(["manifest.json"]);
for (const { path, contents } of results.flatMap(({ outputFiles }) => outputFiles).sort((a, b) => (a.path < b.path ? -1 : 1))) {
  const name = inDist(path);
  version.update(`${name}\0`).update(contents).update("\0");
  kept.add(name);
  await keep(path, contents);
  if (contents.length < SMALLEST_BYTES || name.endsWith(".map")) continue;
  for (const [ending, pack] of Object.entries(PACKERS)) {
    kept.add(`${name}.${ending}`);
    await keep(`${path}.${ending}`, pack(contents));
  }
}

const manifest = { sources: await digestOfSources(), version: version.digest("hex").slice(0, 16), files, preload };
const unfinished = join(DIST, `manifest.${process.pid}`);
await keep(unfinished, JSON.stringify(manifest, null, 1));
await rename(unfinished, join(DIST, "manifest.json"));
for (const name of (await readdir(DIST, { recursive: true })).map(posix)) {
  const path = join(DIST, name);
  // another build may be at work on a manifest of its own
  if (kept.has(name) || basename(name).startsWith("manifest.")) continue;
  if ((await stat(path)).isFile()) await rm(path);
}
