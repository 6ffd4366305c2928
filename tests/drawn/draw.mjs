// node draw.mjs SCENES.json FOLDER: draws each scene into a PNG there, and says in FOLDER/seen.json what is on it.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';

const here = fileURLToPath(new URL('.', import.meta.url));
const [scenesFile, folder] = process.argv.slice(2);
const scenes = JSON.parse(readFileSync(scenesFile, 'utf8'));
const bundle = join(folder, 'page.js');

await build({
  entryPoints: [join(here, 'page.jsx')],
  outfile: bundle,
  bundle: true,
  minify: true,
  logLevel: 'error',
  loader: { '.svg': 'dataurl', '.woff2': 'dataurl', '.png': 'dataurl', '.ttf': 'dataurl' },
  define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
});

const assets = join(here, 'node_modules/@grafana/ui/dist');
const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  try {
    const path = pathname.startsWith('/public/') ? join(assets, pathname) : join(folder, pathname);
    const kind = pathname.endsWith('.svg') ? 'image/svg+xml' : pathname.endsWith('.css') ? 'text/css' : 'text/javascript';
    const body = pathname === '/' ? '<!doctype html><meta charset="utf-8">' : readFileSync(path);
    response.writeHead(200, { 'Content-Type': pathname === '/' ? 'text/html' : kind }).end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));

// Runs in the page, before anything is drawn: notes what is written on canvases, and where.
function listen() {
  window.__grafana_public_path__ = '/public/';
  window.written = new Map();
  const { fillText, clearRect } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.clearRect = function (...area) {
    window.written.delete(this.canvas);
    return clearRect.apply(this, area);
  };
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    const at = this.getTransform().transformPoint({ x, y });
    const width = this.measureText(text).width;
    const left = at.x - (this.textAlign === 'center' ? width / 2 : this.textAlign === 'right' ? width : 0);
    const found = window.written.get(this.canvas) ?? window.written.set(this.canvas, []).get(this.canvas);
    found.push({ text: String(text), left, right: left + width, y: at.y });
    return fillText.apply(this, [text, x, y]);
  };
}

// Runs in the page: of each panel its words, the labels of its axes, and where its canvas is colored.
function look() {
  return [...document.querySelectorAll('[data-panel]')].map((panel) => {
    const canvas = panel.querySelector('canvas');
    const seen = { title: panel.dataset.panel, text: panel.innerText, labels: [], colored: [], width: 0 };
    seen.figures = [...panel.querySelectorAll('span, div')]
      .filter((each) => each.childElementCount === 0 && /^-?[\d.]+$/.test(each.textContent.trim()))
      .map((each) => getComputedStyle(each))
      .map(({ fontSize, color }) => ({ size: parseFloat(fontSize), color }));
    if (canvas) {
      const { width, height } = canvas;
      seen.width = width;
      seen.labels = window.written.get(canvas) ?? [];
      const over = panel.querySelector('.u-over').getBoundingClientRect();
      const whole = canvas.getBoundingClientRect();
      seen.plot = { left: over.left - whole.left, right: over.right - whole.left };
      const { data } = canvas.getContext('2d').getImageData(0, 0, width, Math.round(over.bottom - whole.top));
      for (let x = 0; x < width; x++) {
        const hues = new Set();
        for (let at = 4 * x; at < data.length; at += 4 * width) {
          const [r, g, b, a] = data.subarray(at, at + 4);
          if (a > 40 && Math.max(r, g, b) - Math.min(r, g, b) > 60) {
            hues.add(r > 1.6 * g ? 'red' : 'other');
          }
        }
        seen.colored.push(hues.has('other') ? 2 : hues.has('red') ? 1 : 0);
      }
    }
    return seen;
  });
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
const seen = [];
for (const scene of scenes) {
  const page = await browser.newPage({ viewport: { width: scene.width, height: 900 }, timezoneId: scene.zone });
  const faults = [];
  page.on('pageerror', (error) => faults.push(String(error.stack)));
  await page.addInitScript(listen);
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.evaluate((given) => {
    window.SCENE = given;
    document.body.style.margin = 0;
    document.body.innerHTML = '<div id="root"></div>';
  }, scene);
  await page.addScriptTag({ url: '/page.js' });
  await page.addStyleTag({ url: '/page.css' });
  await page.waitForFunction(() => document.querySelector('canvas') !== null, null, { timeout: 120000 }).catch((error) => {
    throw new Error([error, ...faults].join('\n'));
  });
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await page.waitForLoadState('networkidle');
  await page.screenshot({ path: join(folder, `${scene.name}.png`), fullPage: true });
  const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
  seen.push({ name: scene.name, faults, wide, panels: await page.evaluate(look) });
  await page.close();
}
writeFileSync(join(folder, 'seen.json'), JSON.stringify(seen));
await browser.close();
server.close();
