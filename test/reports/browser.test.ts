import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { launch, type Browser, type Page } from 'puppeteer-core';
import { z } from 'zod';
import { REPORT_TYPES } from '../../src/domain/report';
import { exampleReport, written } from './written';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const executablePath = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  .find(isProgram);

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const Seen = z.object({
  background: z.string(),
  text: z.string(),
  isWider: z.boolean(),
  charts: z.array(z.boolean()),
  sections: z.array(z.boolean()),
});

/** What is to be seen: asked in the browser, whose types these tests do not have. */
const LOOK = `(() => {
  const shown = (selector) => [...document.querySelectorAll(selector)].map((each) => each.getBoundingClientRect());
  const { backgroundColor, color } = getComputedStyle(document.body);
  const { scrollWidth, clientWidth } = document.documentElement;
  return {
    background: backgroundColor,
    text: color,
    isWider: scrollWidth > clientWidth,
    charts: shown('.chart svg').map(({ width, height }) => width > 300 && height > 80),
    sections: shown('section').map(({ height }) => height > 40),
  };
})()`;

async function look(page: Page): Promise<z.infer<typeof Seen>> {
  return Seen.parse(await page.evaluate(LOOK));
}

/** From 0, black, to 255. */
function brightness(color: string): number {
  const parts = (color.match(/\d+/g) ?? []).slice(0, 3).map(Number);
  return parts.reduce((sum, part) => sum + part, 0) / 3;
}

// Without a browser on this machine there is nothing to look with: `apt-get install chromium` brings one.
(executablePath === undefined ? describe.skip : describe)('in a browser', () => {
  let browser: Browser;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tinman-page-'));
    browser = await launch({
      ...(executablePath === undefined ? {} : { executablePath }),
      args: ['--no-sandbox', '--disable-gpu'],
    });
  }, 30_000);
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  it.each(REPORT_TYPES)(
    'the %s report has no errors, loads nothing, and is light, dark and for paper',
    async (type) => {
      const file = join(folder, `${type}.html`);
      await writeFile(file, await written(await exampleReport(type), 'html'));
      const page = await browser.newPage();
      const noticed: string[] = [];
      page.on('console', (message) => noticed.push(message.text()));
      page.on('pageerror', (error) => noticed.push(String(error)));
      page.on('request', (request) => noticed.push(request.url()));
      await page.setViewport({ width: 1_100, height: 1_400 });

      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }]);
      await page.goto(pathToFileURL(file).href);
      const light = await look(page);
      const lightImage = await page.screenshot();
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
      const dark = await look(page);
      const darkImage = await page.screenshot();
      await page.emulateMediaType('print');
      const printed = await look(page);
      const paper = await page.pdf({ format: 'A4' });
      await page.close();

      expect(noticed).toEqual([pathToFileURL(file).href]);
      expect(brightness(light.background)).toBeGreaterThan(230);
      expect(brightness(light.text)).toBeLessThan(60);
      expect(brightness(dark.background)).toBeLessThan(40);
      expect(brightness(dark.text)).toBeGreaterThan(200);
      expect(brightness(printed.text)).toBeLessThan(60);
      for (const { isWider, charts, sections } of [light, dark, printed]) {
        expect(isWider).toBe(false);
        expect(charts).toEqual(charts.map(() => true));
        expect(sections).toEqual(sections.map(() => true));
      }
      expect(light.sections.length).toBeGreaterThan(2);
      expect(Buffer.from(lightImage).equals(Buffer.from(darkImage))).toBe(false);
      expect(Buffer.from(paper).subarray(0, 5).toString()).toBe('%PDF-');
    },
    30_000,
  );
});
