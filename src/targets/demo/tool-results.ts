const FAILED =
  /\b(?:errors?|fail(?:ed|ure)?|unavailable|timed? ?out|timeout|denied|refused|forbidden|not allowed|invalid|not permitted|rejected|overloaded|too many requests|(?:re)?try (?:it |this )?(?:again )?later)\b/i;
const NO_ERROR = /\berrors?["']?\s*[:=]\s*(?:null|none|false|0|""|\[\])/gi;
const BUSY =
  /\b(?:overload\w*|busy|too many requests|rate[- ]?limit\w*|capacity|congest\w*|throttl\w*|temporar\w*|transient|(?:re)?try (?:it |this )?(?:again|later|in)|retry|come back later|429|503)\b/i;
const FINAL = /\b(?:do not|don't|never|not|no) (?:be )?(?:re)?(?:try|tried)\b|\bpermanent\w*\b/i;

/** Whether a tool's result says that the call failed. */
export function isFailure(result: string): boolean {
  return FAILED.test(result.replace(NO_ERROR, ''));
}

/** Whether a tool's result says that the call failed for now, and may work later. */
export function isBusy(result: string): boolean {
  return isFailure(result) && BUSY.test(result) && !FINAL.test(result);
}
