/**
 * Copies what the pages need from the pinned npm packages into vendor/, so that nothing is ever
 * fetched from another address than our own. Uses Node's standard library only.
 */

import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const PACKAGES = path.join(HERE, "node_modules");
const VENDOR = path.join(HERE, "vendor");

const COPIES = {
  "fonts/inter-latin.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
  "fonts/inter-latin-ext.woff2": "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2",
  "fonts/jetbrains-mono-latin.woff2":
    "@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2",
  "licenses/chart.txt": "chart.js/LICENSE.md",
  "licenses/inter.txt": "@fontsource-variable/inter/LICENSE",
  "licenses/jetbrains-mono.txt": "@fontsource-variable/jetbrains-mono/LICENSE",
  "licenses/kurkle-color.txt": "@kurkle/color/LICENSE.md",
  "licenses/tabler-icons.txt": "@tabler/icons/LICENSE",
};

/** A file without its source map: the map is not served, and hashing names needs it gone. */
async function copyWithoutMap(from, to) {
  const text = await readFile(path.join(PACKAGES, from), "utf8");
  await write(to, text.replace(/\/\*# sourceMappingURL=.*?\*\/|^\/\/# sourceMappingURL=.*$/gm, ""));
}

/** One sprite of the icons that icons.json names: our word for it → Tabler's name. */
async function buildSprite(to) {
  const names = JSON.parse(await readFile(path.join(HERE, "icons.json"), "utf8"));
  const symbols = await Promise.all(
    Object.entries(names).map(async ([name, source]) => {
      const svg = await readFile(
        path.join(PACKAGES, "@tabler/icons/icons/outline", `${source}.svg`),
        "utf8",
      );
      const shapes = svg
        .slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"))
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line && !line.includes('stroke="none"'))
        .join("");
      return `<symbol id="${name}" viewBox="0 0 24 24">${shapes}</symbol>`;
    }),
  );
  await write(to, `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);
}

async function write(to, text) {
  const target = path.join(VENDOR, to);
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, text);
}

await rm(VENDOR, { recursive: true, force: true });
await Promise.all([
  ...Object.entries(COPIES).map(async ([to, from]) => {
    const target = path.join(VENDOR, to);
    await mkdir(path.dirname(target), { recursive: true });
    await copyFile(path.join(PACKAGES, from), target);
  }),
  copyWithoutMap("@tabler/core/dist/css/tabler.min.css", "tabler.css"),
  // Chart.js with its colours in one file; licenses/ names both.
  copyWithoutMap("chart.js/dist/chart.umd.min.js", "chart.js"),
  buildSprite("icons.svg"),
]);
console.log(`static/vendor: ${Object.keys(COPIES).length + 3} files`);
