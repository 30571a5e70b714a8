export const HESITATION: 'hesitation';
export function hesitation(below: (most: number) => number): { hesitate(): void };
