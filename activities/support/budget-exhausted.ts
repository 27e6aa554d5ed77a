/** A model call that no budget had room for. The phase ends early with what it has. */
export class BudgetExhausted extends Error {
  constructor(readonly scope: string) {
    super(`no room in the budget ${scope}`);
    this.name = 'BudgetExhausted';
  }
}
