/** Open a page in Firefox and print what a function gives there: node firefox.mjs BINARY ADDRESS SCRIPT. */
import puppeteer from "puppeteer-core";

const [binary, address, script] = process.argv.slice(2);
const browser = await puppeteer.launch({ browser: "firefox", executablePath: binary, headless: true });
try {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(String(error)));
  await page.goto(address);
  // The page reloads once, so that its service worker can isolate it. (`waitForFunction` has the page evaluate a string,
  // which its policy refuses.)
  const ready = "Boolean(globalThis.crossOriginIsolated && globalThis.diffuscope)";
  const deadline = Date.now() + 180_000;
  while (!(await page.evaluate(ready).catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`never true in Firefox: ${ready}`);
    await new Promise((done) => setTimeout(done, 200));
  }
  console.log(JSON.stringify(await page.evaluate(script)));
} finally {
  await browser.close();
}
