/** Open a page in Firefox and print what a function gives there: node firefox.mjs BINARY ADDRESS SCRIPT. */
import puppeteer from "puppeteer-core";

const [binary, address, script] = process.argv.slice(2);
const browser = await puppeteer.launch({ browser: "firefox", executablePath: binary, headless: true });
try {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(String(error)));
  await page.goto(address);
  // The page reloads once, so that its service worker can isolate it.
  await page.waitForFunction("globalThis.crossOriginIsolated && globalThis.diffuscope", { timeout: 180_000 });
  console.log(JSON.stringify(await page.evaluate(script)));
} finally {
  await browser.close();
}
