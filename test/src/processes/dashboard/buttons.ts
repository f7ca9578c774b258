import type { Locator, Page } from 'playwright-core';

/** Members of a DOM element that are used here. */
interface Element {
  readonly className: string;
  readonly innerHTML: string;
  getAttribute(name: string): string | null;
}

interface Button {
  readonly locator: Locator;
  /** Appearance of the button. Buttons of several jobs or several pages look alike and share a name. */
  readonly name: string;
  readonly opens: 'menu' | 'dialog' | 'nothing';
}

/** Icons of buttons that open nothing: they make the page fill the screen, or copy. */
const openNothing = /lucide-(maximize|minimize|copy|check)\b/;

/**
 * Clicks on the buttons of a page and on the items of their menus, once on each that looks different. Waits for what a
 * click opens, which takes some time. Confirms each dialog that asks for a change.
 */
export class Buttons {
  /** Names of buttons and texts of menu items. */
  readonly clicked = new Set<string>();

  constructor(private readonly page: Page) {}

  /** Clicks on every button. `open` opens the page again after each change. */
  async clickAll(open: () => Promise<unknown>): Promise<void> {
    await open();
    for (let button = await this.#new(); button; button = await this.#new()) {
      await button.locator.click();
      if (await this.#hasChanged(button)) await open();
    }
  }

  /** Returns the first button that looks different from those clicked so far. */
  async #new(): Promise<Button | undefined> {
    const buttons = this.page.getByRole('button', { disabled: false });
    await buttons.first().waitFor();
    const all = await buttons.evaluateAll((elements: Element[]) =>
      elements.map((element) => ({
        name: `${element.className} ${element.innerHTML}`,
        popup: element.getAttribute('aria-haspopup'),
        unfolds: element.getAttribute('aria-expanded') !== null,
      })),
    );
    const index = all.findIndex(({ name }) => !this.clicked.has(name));
    const found = all[index];
    if (!found) return undefined;
    const { name, popup, unfolds } = found;
    const opens = popup === 'menu' ? popup : unfolds || openNothing.test(name) ? 'nothing' : 'dialog';
    return { locator: buttons.nth(index), name, opens };
  }

  /** Clicks on the button and on what it opens. Returns true if that changed something. */
  async #hasChanged({ name, opens }: Button): Promise<boolean> {
    if (opens === 'menu') return this.#clickItem(name);
    this.clicked.add(name);
    return opens === 'dialog' && this.#agree();
  }

  /**
   * Clicks on the first new item of a button's menu. Marks the button as done if there is none: a click may add items.
   */
  async #clickItem(button: string): Promise<boolean> {
    const items = this.page.getByRole('menuitem');
    await items.first().waitFor();
    const names = await items.allInnerTexts();
    const index = names.findIndex((name) => !this.clicked.has(name));
    this.clicked.add(names[index] ?? button);
    if (index === -1) return this.#close(items.first());
    const opensMenu = (await items.nth(index).getAttribute('aria-haspopup')) === 'menu';
    await items.nth(index).click();
    if (!opensMenu) return this.#agree();
    await items.nth(names.length).waitFor();
    return true;
  }

  async #agree(): Promise<boolean> {
    const dialog = this.page.getByRole('dialog').or(this.page.getByRole('alertdialog'));
    await dialog.getByRole('button', { name: /^(Close|Cancel)$/ }).waitFor();
    const agree = dialog.getByRole('button', { name: /^(Confirm|Add|Save|Duplicate|Update)$/ });
    if ((await agree.count()) === 0) return this.#close(dialog); // it only shows information
    const answer = this.page.waitForResponse((response) => response.request().method() !== 'GET');
    await agree.click();
    await answer;
    return true;
  }

  async #close(opened: Locator): Promise<false> {
    await this.page.keyboard.press('Escape');
    await opened.waitFor({ state: 'hidden' });
    return false;
  }
}
