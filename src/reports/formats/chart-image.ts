import type { ReportChart, ReportTone } from '../../domain/report';
import { shownNumber } from './numbers';
import { visibleText } from './visible-text';

/** Colours of a chart: of its text, its lines and its series. */
export interface ChartPalette {
  readonly font: string;
  readonly text: string;
  readonly line: string;
  readonly tones: Readonly<Record<ReportTone, string>>;
}

const TONES: Readonly<Record<ReportTone, string>> = {
  S0: '#94a3b8',
  S1: '#3b82f6',
  S2: '#eab308',
  S3: '#ea580c',
  S4: '#b91c1c',
  good: '#16a34a',
  bad: '#dc2626',
  plain: '#6366f1',
  muted: '#94a3b8',
};

/** For paper. */
export const PAPER: ChartPalette = { font: 'Roboto', text: '#475569', line: '#e2e8f0', tones: TONES };

/** The page's own colours, light or dark, by the names of its style sheet. */
export const PAGE: ChartPalette = {
  font: 'inherit',
  text: 'var(--muted)',
  line: 'var(--line)',
  tones: {
    S0: 'var(--s0)',
    S1: 'var(--s1)',
    S2: 'var(--s2)',
    S3: 'var(--s3)',
    S4: 'var(--s4)',
    good: 'var(--good)',
    bad: 'var(--bad)',
    plain: 'var(--accent)',
    muted: 'var(--s0)',
  },
};

const WIDTH = 880;
const HEIGHT = 260;
const LABELS = 12;

/**
 * What names itself by a count of the process, so that a chart would never be written twice alike: marks under a
 * pointer, and clipping to the axes, beyond which nothing lies.
 */
const COUNTED =
  / class="zr[\w-]*"|<style[^>]*>[\s\S]*?<\/style>| clip-path="url\(#zr[\w-]*\)"|<defs[^>]*>[\s\S]*?<\/defs>/g;

/** A chart as SVG without scripts: the same for the same chart. */
export async function chartImage(chart: ReportChart, palette: ChartPalette): Promise<string> {
  const { init } = await import('echarts');
  const image = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  try {
    image.setOption(optionOf(chart, palette));
    return image.renderToSVGString().replaceAll(COUNTED, '');
  } finally {
    image.dispose();
  }
}

function optionOf(
  { shape, unit, categories, series }: ReportChart,
  { font, text, line, tones }: ChartPalette,
) {
  const label = { color: text, fontSize: 12 };
  return {
    animation: false,
    textStyle: { fontFamily: font },
    grid: { left: 8, right: 12, top: series.length > 1 ? 34 : 14, bottom: 4, containLabel: true },
    legend: {
      show: series.length > 1,
      top: 0,
      left: 0,
      itemWidth: 12,
      itemHeight: 12,
      itemGap: 24,
      icon: 'roundRect',
      textStyle: label,
      selectedMode: false,
    },
    xAxis: {
      type: 'category' as const,
      data: [...categories],
      axisLabel: { ...label, interval: Math.ceil(categories.length / LABELS) - 1, hideOverlap: true },
      axisLine: { lineStyle: { color: line } },
      axisTick: { show: false },
    },
    yAxis: {
      type: 'value' as const,
      ...(unit === 'count' ? { minInterval: 1 } : {}),
      axisLabel: { ...label, formatter: (value: number) => shownNumber(value, unit) },
      splitLine: { lineStyle: { color: line } },
    },
    series: series.map(({ name, tone, values }) => ({
      name: visibleText(name),
      data: [...values],
      silent: true,
      emphasis: { disabled: true },
      itemStyle: { color: tones[tone] },
      ...(shape === 'stacked'
        ? { type: 'bar' as const, stack: 'all', barMaxWidth: 36 }
        : {
            type: 'line' as const,
            symbolSize: 5,
            lineStyle: { width: 2, color: tones[tone] },
            areaStyle: { opacity: 0.12, color: tones[tone] },
          }),
    })),
  };
}
