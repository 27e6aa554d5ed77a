const WORDED: readonly (readonly [RegExp, string])[] = [
  [/(\d+(?:\.\d+)?)\s*(?:%|percent)\s+of\s+(\d+(?:\.\d+)?)/gi, '($1 / 100 * $2)'],
  [/\s(?:plus|and then another)\s/gi, ' + '],
  [/\s(?:minus|less)\s/gi, ' - '],
  [/\s(?:times|multiplied by)\s|\s*×\s*|(?<=\d)\s*x\s*(?=\d)/gi, ' * '],
  [/\s(?:divided by)\s|\s*÷\s*/gi, ' / '],
];
const UNIT_BETWEEN = /(\d) [a-z]+ (?=[-+*/] \d)/gi;
const EXPRESSION = /[(\s]*\d[\d.\s()]*(?:(?:[+*]|\s[-/]\s)[\s()]*\d[\d.\s()]*)+/;

/** The value of the first calculation that a text has, with signs or in words; undefined where there is none. */
export function calculated(text: string): number | undefined {
  const signed = WORDED.reduce((worded, [pattern, sign]) => worded.replace(pattern, sign), text);
  const found = EXPRESSION.exec(signed.replace(UNIT_BETWEEN, '$1 '))?.[0];
  if (found === undefined) return undefined;
  const tokens = found.match(/\d+(?:\.\d+)?|[-+*/()]/g) ?? [];
  const value = new Parser(tokens).sum();
  return Number.isFinite(value) ? Number(value.toFixed(6)) : undefined;
}

/** Sums of products of numbers and brackets; NaN for what is none. */
class Parser {
  private next = 0;

  constructor(private readonly tokens: readonly string[]) {}

  sum(): number {
    let value = this.product();
    for (;;) {
      if (this.takes('+')) value += this.product();
      else if (this.takes('-')) value -= this.product();
      else return value;
    }
  }

  private product(): number {
    let value = this.operand();
    for (;;) {
      if (this.takes('*')) value *= this.operand();
      else if (this.takes('/')) value /= this.operand();
      else return value;
    }
  }

  private operand(): number {
    if (!this.takes('(')) return Number(this.tokens[this.next++] ?? Number.NaN);
    const value = this.sum();
    this.takes(')');
    return value;
  }

  private takes(token: string): boolean {
    if (this.tokens[this.next] !== token) return false;
    this.next += 1;
    return true;
  }
}
