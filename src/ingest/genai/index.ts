export { readGenAi } from './read-genai';
export { summariseGenAi } from './summarise';
export { GenAiTally } from './summary';
