/** What the demo says, and how. Colours only where somebody looks. */

const coloured = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
const paint = (code: number) => (text: string) => (coloured ? `\u001b[${code}m${text}\u001b[0m` : text);

const bold = paint(1);
const dim = paint(2);
const red = paint(31);
const green = paint(32);

export interface StepReport {
  readonly title: string;
  /** What happened, in plain words. */
  readonly happened: string;
  /** The lines that repeat it. */
  readonly curls: readonly string[];
  /** What was expected but did not happen; empty when all is as it should be. */
  readonly wrong: readonly string[];
}

export function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

export function sayProgress(text: string): void {
  say(dim(`==> ${text}`));
}

export function sayHeading(text: string): void {
  say();
  say(bold(text));
}

export function sayStep(number: number, { title, happened, curls, wrong }: StepReport): void {
  const mark = wrong.length === 0 ? green('ok') : red('WRONG');
  say();
  say(`${bold(`${number}. ${title}`)}  ${mark}`);
  say(indented(happened));
  for (const problem of wrong) say(indented(red(`Wrong: ${problem}`)));
  for (const curl of curls) say(indented(dim(curl)));
}

export function sayFailure(text: string): void {
  process.stderr.write(`${red(text)}\n`);
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `   ${line}`)
    .join('\n');
}
