/** Who asks while requests carry no key; stands in records where nobody is proven. */
export const ANONYMOUS = 'anonymous';
