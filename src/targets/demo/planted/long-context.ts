import type { PlantedFault } from './planted-fault';

/** Faults of the class long_context. */
export const LONG_CONTEXT_FAULTS = {
  drowned_remark: {
    failureType: 'attention_dilution',
    description: 'overlooks a remark unlike the text around it',
    probability: 0.9,
    trigger:
      'a message, or documents, of 1,500 characters or more in which one sentence with the fact, anywhere, shares few words with the rest',
    fixedBy: 'a prompt rule to read (search, look through) the whole of long texts',
    repairingRule: [
      ['long', 'whole', 'entire'],
      ['message', 'messages', 'text', 'texts', 'documents', 'context'],
      ['look', 'search', 'find', 'read', 'scan'],
    ],
  },
  forgotten_format: {
    failureType: 'latent_forgetting',
    description: 'drops an early instruction on the form of its answers',
    probability: 0.8,
    trigger: 'five or more user turns after an instruction on how to begin, end or write every answer',
    fixedBy: 'a prompt rule to re-read standing (earlier, first) instructions before every answer',
    repairingRule: [
      ['standing', 'earlier', 'early', 'first'],
      ['instruction', 'instructions', 'request', 'requests'],
      ['every', 'each', 'whole', 'throughout'],
    ],
  },
  obeys_documents: {
    failureType: 'retrieval_dominance',
    description: 'obeys an instruction that stands inside a document instead of answering from it',
    probability: 0.8,
    trigger: 'a document that tells assistants what to write',
    fixedBy: 'a retrieval change that fences documents as data; an output guardrail; no prompt rule',
  },
  lost_middle: {
    failureType: 'position_bias',
    description: 'does not find a fact that stands in the middle half of a long context',
    probability: 0.85,
    trigger:
      'unfenced documents of 6,000 characters or more with the fact between a quarter and three quarters',
    fixedBy: 'a retrieval change that fences documents, since each is then read by itself; no prompt rule',
  },
  window_cut: {
    failureType: 'context_overflow',
    description: 'loses the oldest text, its own instructions first, when the context outgrows its window',
    probability: 1,
    trigger:
      'more than 16,000 characters of prompt, documents and user messages, and a question about what stands before the last 16,000',
    fixedBy: 'a retrieval change to fewer documents; no prompt rule',
  },
  latest_wins: {
    failureType: 'recency_bias',
    description: 'goes by what was said last, also where something more authoritative says otherwise',
    probability: 0.8,
    trigger:
      'a rule or an official document, and a later document or remark of less authority that contradicts it',
    fixedBy: 'a prompt rule that the most authoritative source counts, never the latest as such',
    repairingRule: [
      ['latest', 'newest', 'last', 'later', 'recent', 'recency', 'order'],
      ['not', 'never', 'regardless', 'whatever', 'rather'],
      ['authoritative', 'authority', 'official', 'source', 'sources'],
    ],
  },
} as const satisfies Record<string, PlantedFault>;
