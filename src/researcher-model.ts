import type { Config } from './config';
import { DomainError } from './domain/errors';
import { priceIn } from './domain/money';
import { LLM_PROVIDERS } from './llm';
import { tracedLlm } from './observability/traced-models';
import type { Llm } from './ports/llm';

/** Output limit of the configured researcher's model, in tokens. */
export function maxAnswerTokensOf({ researcher, openai, anthropic }: Config): number {
  return (researcher === 'openai' && openai ? openai : anthropic).maxOutputTokens;
}

/** The model that the researcher asks, at its price; undefined for the offline researcher. @throws {DomainError} `invalid_configuration`. */
export function researcherModel(config: Config): Llm | undefined {
  const llm = modelOf(config);
  const price = llm && priceIn(config.cost.prices, llm.model);
  return llm && tracedLlm(price === undefined ? llm : { ...llm, price });
}

function modelOf({ researcher, anthropic, openai }: Config): Llm | undefined {
  switch (researcher) {
    case 'offline':
      return undefined;
    case 'anthropic': {
      const { apiKey, model, baseUrl } = anthropic;
      if (apiKey === undefined) throw unusable('anthropic', 'a key; set ANTHROPIC_API_KEY');
      const claude = LLM_PROVIDERS.anthropic;
      return claude.create(claude.settings.parse({ api_key: apiKey, model, base_url: baseUrl }));
    }
    case 'openai': {
      if (openai === undefined) throw unusable('openai', 'a model, and an endpoint or a key');
      const { provider, baseUrl, apiKey, model } = openai;
      const settings = { provider, base_url: baseUrl, api_key: apiKey, model };
      return LLM_PROVIDERS.openai.create(LLM_PROVIDERS.openai.settings.parse(settings));
    }
  }
}

function unusable(researcher: string, missing: string): DomainError {
  return new DomainError('invalid_configuration', `the researcher ${researcher} needs ${missing}`);
}
