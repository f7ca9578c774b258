import type { Locator, Page } from 'playwright-core';

/** What is used here of an element of a page. */
interface Element {
  readonly className: string;
  readonly innerHTML: string;
  getAttribute(name: string): string | null;
}

interface Button {
  readonly locator: Locator;
  /** How it looks: those of several jobs, or of several pages, are alike. */
  readonly name: string;
  readonly opens: 'menu' | 'dialog' | 'nothing';
}

/** Pictures of buttons that open nothing: they make the page fill the screen, or copy. */
const openNothing = /lucide-(maximize|minimize|copy|check)\b/;

/**
 * Clicks on the buttons of a page and on the items of their menus, on one of those that are alike, and waits for what that opens:
 * it comes some time after the click. Where a dialog asks for a change, the change is made.
 */
export class Buttons {
  /** Names of buttons, and what items say. */
  readonly clicked = new Set<string>();

  constructor(private readonly page: Page) {}

  /** `open` opens the page, anew after each change. */
  async clickAll(open: () => Promise<unknown>): Promise<void> {
    await open();
    for (let button = await this.#new(); button; button = await this.#new()) {
      await button.locator.click();
      if (await this.#hasChanged(button)) await open();
    }
  }

  /** The first button that is like none that was clicked. */
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

  /** Whether the click on this button, and on what it opens, has. */
  async #hasChanged({ name, opens }: Button): Promise<boolean> {
    if (opens === 'menu') return this.#clickItem(name);
    this.clicked.add(name);
    return opens === 'dialog' && this.#agree();
  }

  /** Clicks on the first new item of the menu of this button, which is done when there is none: a click may bring others. */
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
    if ((await agree.count()) === 0) return this.#close(dialog); // it only shows something
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
