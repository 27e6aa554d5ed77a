/** What is used of pdfmake. Its own declarations bring those of browsers into the whole program. */
declare module 'pdfmake' {
  type Margin = readonly [left: number, top: number, right: number, bottom: number];

  export interface Style {
    readonly fontSize?: number;
    readonly bold?: boolean;
    readonly italics?: boolean;
    readonly color?: string;
    readonly alignment?: 'left' | 'right';
    readonly margin?: Margin;
  }

  /** A piece of a page: a text, pieces under or beside one another, a table, or an image. */
  export interface Content extends Style {
    readonly style?: string;
    readonly text?: string | readonly Content[];
    readonly stack?: readonly Content[];
    readonly columns?: readonly Content[];
    readonly columnGap?: number;
    readonly svg?: string;
    readonly width?: number;
    readonly unbreakable?: boolean;
    readonly pageBreak?: 'before';
    readonly colSpan?: number;
    readonly table?: {
      readonly headerRows: number;
      readonly keepWithHeaderRows: number;
      readonly widths: readonly number[];
      readonly body: readonly (readonly Content[])[];
    };
    readonly layout?: {
      readonly hLineWidth: (line: number) => number;
      readonly vLineWidth: () => number;
      readonly hLineColor: () => string;
      readonly paddingLeft: () => number;
      readonly paddingRight: () => number;
    };
  }

  export interface DocumentDefinition {
    readonly content: readonly Content[];
    readonly pageSize: 'A4';
    readonly pageOrientation: 'landscape';
    readonly pageMargins: Margin;
    readonly defaultStyle: Style & { readonly font: string; readonly lineHeight: number };
    readonly styles: Readonly<Record<string, Style>>;
    readonly info: { readonly title: string; readonly creationDate: Date };
    readonly footer: (page: number, pages: number) => Content;
  }

  /** Files of the four cuts of a font, by the font's name. */
  export type FontDictionary = Readonly<
    Record<string, Readonly<Record<'normal' | 'bold' | 'italics' | 'bolditalics', string>>>
  >;

  interface Pdfmake {
    setFonts(fonts: FontDictionary): void;
    setUrlAccessPolicy(permits: (url: string) => boolean): void;
    setLocalAccessPolicy(permits: (path: string) => boolean): void;
    createPdf(definition: DocumentDefinition): {
      /** Streams once it is ended. */
      getStream(): Promise<AsyncIterable<Uint8Array> & { end(): void }>;
    };
  }

  const pdfmake: Pdfmake;
  export default pdfmake;
}
