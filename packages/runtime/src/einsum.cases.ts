/** Equations of `Einsum` with the shapes of one operand or two. */
export const EQUATIONS: readonly (readonly [equation: string, a: number[], b?: number[]])[] = [
  ["ij,jk->ik", [3, 4], [4, 5]],
  ["bij,bjk->bik", [2, 3, 4], [2, 4, 5]],
  ["bhqd,bhkd->bhqk", [2, 2, 3, 4], [2, 2, 5, 4]],
  ["bhqk,bhkd->bqhd", [2, 2, 3, 5], [2, 2, 5, 4]],
  ["bld,hdk->blhk", [2, 3, 4], [2, 4, 3]],
  ["...ij,jk->...ik", [2, 3, 4], [4, 5]],
  ["i,j->ij", [3], [4]],
  ["ij,ij->i", [3, 4], [3, 4]],
  ["bi,bj", [2, 3], [2, 4]],
  ["ia,jb->j", [2, 3], [4, 2]],
  ["ij,ij->", [2, 3], [2, 3]],
  ["ijk->kj", [2, 3, 4]],
  ["bij->bji", [2, 3, 4]],
];
